import Foundation
import Patching
import SystemPackage
import UserFiles

/// A plug-in built from the functions of a kernel tree.
package struct KernelPlugin: Sendable {
    /// The inputs and outputs of a build.
    package struct Request: Sendable {
        /// The path of the shared object.
        package var output: String
        /// The sanitizers to build with; only `address` is supported.
        package var sanitizers: [String]
        /// The path for a copy of the compiled source, or `nil`.
        package var keptSource: String?
        /// The paths of the user's headers with more stand-ins.
        package var standIns: [String]
        /// The path of the user's adapter, or `nil` for the built-in one.
        package var adapter: String?
        /// The passes of the kernel to run; empty for edits by an adapter.
        package var passes: [KernelPass] = []
        /// Functions and other names to take beside those that the adapter uses.
        package var taken: [String]
        /// More files of the tree to search.
        package var read: [String]
        /// True to count the lines and conditions of the tree that run.
        package var counts: Bool
        /// False for a fast build of a slow plug-in, as for tests.
        package var optimizes: Bool
        /// The mutants of the functions to add, of which none is chosen.
        package var mutants: Mutants?

        /// A set of mutants.
        package enum Mutants: Sendable {
            /// Each expression and statement, changed alone.
            case small
            /// The faults that Linux had.
            case historical
        }

        package init(
            output: String, sanitizers: [String] = [], keepingSource kept: String? = nil, standIns: [String] = [],
            adapter: String? = nil, taking taken: [String] = [], reading read: [String] = [], counting: Bool = false,
            optimizing: Bool = true
        ) {
            self.output = output
            self.sanitizers = sanitizers
            keptSource = kept
            self.standIns = standIns
            self.adapter = adapter
            self.taken = taken
            self.read = read
            counts = counting
            optimizes = optimizing
        }
    }

    /// The name of the patcher.
    package let name: String
    /// The release of the tree.
    package let release: String
    /// The extracted functions, each with its file and line.
    package let functions: [(name: String, place: String)]
    /// One sentence for each feature that the tree lacks, with its effect on testing.
    package let limits: [String]
    /// The tables that are compared beside the result, and the unknown fields of the tree.
    package let scope: KernelScope
    /// Other remarks on the tree, one sentence each.
    package let notes: [String]
    /// The library to preload if the plug-in is built with AddressSanitizer.
    package let runtime: String?
    /// The mutants in the plug-in; see ``MutantFile``.
    package let mutants: [Mutant]
    /// The functions without mutants.
    package let unmutated: [UnmutatedFunction]
    /// The historical faults whose changes do not fit the tree: the reasons by number.
    package let misfits: [Int: String]
    /// The faults of the tree that are mended in the copy with small mutants.
    package let mended: [HistoricalFault]

    /// Builds a plug-in with the built-in adapter.
    ///
    /// - Throws: ``KernelTreeFault`` if the tree is at fault, else ``PluginError``
    package init(
        of tree: KernelTree, output: String, sanitizers: [String] = [], keepingSource kept: String? = nil,
        standIns header: String? = nil, optimizing: Bool = true
    ) throws {
        let headers = [header].compactMap { $0 }
        try self.init(
            of: tree,
            Request(
                output: output, sanitizers: sanitizers, keepingSource: kept, standIns: headers, optimizing: optimizing))
    }

    /// Extracts the functions from a tree and compiles them with an adapter and stand-ins for the rest of the kernel.
    ///
    /// - Throws: ``KernelTreeFault`` if the tree is at fault, else ``PluginError``
    package init(of tree: KernelTree, _ request: Request) throws {
        try KernelPlugin.check(request, tree: tree.path)
        let compiler = try CCompiler()
        let adapter = try KernelAdapter(path: request.adapter, passes: request.passes)
        let standins = try StandIns(headers: request.standIns)
        var tree = tree
        var slice = try CSlice(of: tree, standins, reading: request.read, compiler)
        var missing = try adapter.take(from: &slice, tree: tree)
        mended = request.mutants == .small ? tree.mend(HistoricalFaultFinder(slice).mendable) : []
        if !mended.isEmpty {
            slice = try CSlice(of: tree, standins, reading: request.read, compiler)
            missing = try adapter.take(from: &slice, tree: tree)
        }
        for name in request.taken where !slice.take(wanted: name) {
            throw PluginError(
                "\(tree.path): --take \(name): no file that is read defines it; name its file with --read")
        }
        slice.close()
        scope = KernelScope(slice)
        guard let word = scope.auxWord else {
            throw KernelPlugin.misfit(adapter, tree, "struct bpf_insn_aux_data has no field for an aux word")
        }
        name = adapter.name(on: tree)
        release = tree.release
        functions = slice.functions.map { ($0.name, slice.place(of: $0)) }
        let unknown = tree.unknownInstructions
        limits =
            missing.map { KernelPlugin.limit(without: $0, release: tree.release) }
            + unknown.map { KernelPlugin.limit(without: $0, release: tree.release) }
        notes = slice.ambiguous.map {
            "\($0.name)() is defined \($0.places.count) times, in "
                + "\($0.places.joined(separator: ", ")); the first is tested"
        }

        let macros =
            [
                "ADAPTER_NAME \"\(name)\"", "ADAPTER_RELEASE \"\(tree.release)\"", "ADAPTER_AUX_WORD \(word)",
                "ADAPTER_LIMITS (0\(unknown.map { " | BPF_PATCHER_KERNEL_NO_\($0.rawValue)" }.joined()))",
            ] + scope.macros + tree.knownHalves + adapter.macros(missing: missing, &slice)
        let patcher = name
        let historical = request.mutants == .historical ? HistoricalFaultFinder(slice) : nil
        var mutated = historical.map { MutatedFunctions($0) }
        if request.mutants == .small { mutated = MutatedFunctions(slice) }
        func source() -> String {
            let (text, covered) = slice.text(counting: request.counts, mutated)
            return
                ((request.counts ? covered.lines(name: patcher) : [])
                + ["#include \"standins.h\"", "#include \"memory.h\"", standins.text, text]
                + macros.map { "#define \($0)" } + ["#include \"adapter.c\"", ""]).joined(separator: "\n")
        }
        if let kept = request.keptSource {
            try onFiles { () throws(FileError) in try OutputFile.write(Array(source().utf8), to: kept) }
        }
        let folder = try onFiles(TemporaryFolder.make)
        defer { TemporaryFolder.remove(folder) }
        try onFiles { () throws(FileError) in try KernelPlugin.write(source(), adapter, to: folder) }
        let library = "\(folder)/plugin.so"
        func compile(_ macros: [String]) throws(PluginError) -> String? {
            try compiler.makeLibrary(
                library, of: "\(folder)/plugin.c", folder: folder, directory: tree.folder ?? folder,
                sanitizers: request.sanitizers, macros: macros, optimizing: request.optimizes, isFast: mutated != nil)
        }
        var messages = try compile([])
        while let text = messages, mutated?.drop(refusedIn: text) == true {
            try onFiles { () throws(FileError) in try KernelPlugin.write(source(), adapter, to: folder) }
            messages = try compile([])
        }
        // A tree may use the size of a page as the size of an array.
        if messages?.contains("constant") == true { messages = try compile(["STANDIN_CONSTANT_PAGES"]) }
        if let messages {
            throw KernelPlugin.error(messages.replacing("\(folder)/", with: ""), slice, adapter, tree)
        }
        (mutants, unmutated) = (mutated?.mutants ?? [], mutated?.refusals ?? [])
        var misfits = historical?.misfits ?? [:]
        for mutant in historical?.mutants ?? [] where !mutants.contains(where: { $0.number == mutant.number }) {
            misfits[mutant.number] = "\(mutant.function)() does not compile with the fault"
        }
        self.misfits = misfits
        runtime = request.sanitizers.contains("address") ? try compiler.runtimeOfAddressSanitizer() : nil
        // Written as a new inode, so that a process with the old library loaded keeps it.
        try onFiles { () throws(FileError) in
            try OutputFile.write(try FileReader.bytes(of: library), to: request.output, mode: 0o777)
        }
    }

    /// The error for a compilation that failed: of the tree, of the user's adapter, or of an adapter that does not fit.
    private static func error(
        _ messages: String, _ slice: CSlice, _ adapter: KernelAdapter, _ tree: KernelTree
    ) -> any Error {
        let report = CompilerReport(messages, slice)
        if let size = report.unknownSize {
            return KernelTreeFault(
                "\(tree.path): \(size) no header that was read defines; \(StandIns.typeRemedy)")
        }
        if let file = report.firstFile {
            if file == adapter.path { return PluginError("the adapter does not compile: \(report.firstError)") }
            if StandIns.kit.contains(where: { $0.name == file }) { return misfit(adapter, tree, report.firstError) }
        }
        return KernelTreeFault(tree.path, report)
    }

    /// The error for a tree that is right, but not as the adapter expects it.
    static func misfit(_ adapter: KernelAdapter, _ tree: KernelTree, _ reason: String) -> PluginError {
        PluginError(
            "\(tree.path): \(adapter.phrase) does not fit this tree: \(reason); "
                + "'plugin adapter' prints the start of one for other functions")
    }

    static func limit(without function: String, release: String) -> String {
        "Linux \(release) has no \(function)(): insertions with BPF_PATCHER_JUMPS_SKIP are not tested"
    }

    static func limit(without instruction: KernelTree.NewerInstruction, release: String) -> String {
        "Linux \(release) has no \(instruction.words): programs with one are not tested"
    }

    /// Writes the source and all headers to a folder.
    private static func write(_ source: String, _ adapter: KernelAdapter, to folder: String) throws(FileError) {
        // The tree defines the uapi types; the system's <linux/bpf.h> would define them again.
        let emptyHeader = "/* Replaced by the definitions of the tree. */\n"
        try Folder.make("\(folder)/linux")
        let files = [
            CFileSource(name: "plugin.c", bytes: Array(source.utf8)),
            CFileSource(name: "linux/bpf.h", bytes: Array(emptyHeader.utf8)),
            CFileSource(name: "chosen.c", bytes: adapter.compiledText),
        ]
        for file in files + StandIns.kit { try OutputFile.write(file.bytes, to: "\(folder)/\(file.name)") }
    }
}

extension KernelPlugin {
    /// Checks before a build, which may take a minute, that the outputs can be written and the headers can be read.
    ///
    /// An output must not replace an input. The check compares inodes, not names.
    ///
    /// - Throws: ``PluginError`` with the file, the reason, and the remedy
    package static func check(_ request: Request, tree: String) throws(PluginError) {
        try onFiles { () throws(FileError) in
            let given = request.standIns + [request.adapter].compactMap { $0 }
            for file in given {
                try FileReader.check(file)
                if (try? FileType(of: file))?.isDevice == true {
                    throw FileError("\(file): cannot be read: it is a device; name a file")
                }
            }
            var outputs = [try OutputFile(request.output)]
            if let kept = request.keptSource { outputs.append(try OutputFile(kept)) }
            if outputs.count == 2 && outputs[0].isSame(as: outputs[1].path) {
                throw FileError("\(outputs[1].name): is the file of both -o and --keep-source; name two files")
            }
            // A new file replaces none.
            outputs.removeAll { (try? FileType(of: $0.path)) == nil }
            if outputs.isEmpty { return }
            let inputs = [tree] + KernelTree.files(in: tree) + request.read.map { "\(tree)/\($0)" } + given
            for file in outputs {
                if let input = inputs.first(where: { file.isSame(as: $0) }) {
                    throw FileError(
                        "\(file.name): cannot be written: \(input) is read by this command; name another file")
                }
            }
        }
    }
}

/// The reason why the functions of a tree cannot be built, in one line. The fault is in the tree.
package struct KernelTreeFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
    init(_ description: String) { self.description = description }

    /// Makes the error from the report of a compiler.
    init(_ tree: String, _ report: CompilerReport) {
        if let missing = report.missing {
            description = "\(tree): \(missing)"
        } else {
            description = "\(tree): does not compile: \(report.firstError)"
        }
    }
}
