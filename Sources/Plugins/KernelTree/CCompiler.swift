import Foundation
import SystemPackage
import UserFiles

/// The C compiler that builds plug-ins.
struct CCompiler {
    /// The program and its leading arguments.
    let command: [String]

    init(command: [String]) { self.command = command }

    /// Finds a compiler: `$CC`, the clang beside `swift`, or the first of `cc`, `clang` and `gcc` in `PATH`.
    ///
    /// - Throws: ``PluginError`` if there is none
    init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(PluginError) {
        if let chosen = environment["CC"]?.split(separator: " ").map(String.init), !chosen.isEmpty {
            command = chosen
            return
        }
        let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        func find(_ name: String) -> String? {
            folders.map { "\($0)/\(name)" }.first(where: FileManager.default.isExecutableFile)
        }
        let beside = find("swift").map { swift in
            URL(fileURLWithPath: swift).resolvingSymlinksInPath().deletingLastPathComponent().path + "/clang"
        }
        let isThere = FileManager.default.isExecutableFile
        guard let found = beside.flatMap({ isThere($0) ? $0 : nil }) ?? find("cc") ?? find("clang") ?? find("gcc")
        else {
            throw PluginError("there is no C compiler: neither cc nor clang nor gcc is in PATH, and CC is not set")
        }
        command = [found]
    }

    /// Compiles one file to a shared object.
    ///
    /// - Parameters:
    ///   - folder: the folder of the headers
    ///   - directory: the working directory, to which file names in debug information are relative
    ///   - macros: the names of macros to define as 1
    ///   - isFast: true to compile many copies of the same functions, of which some are wrong
    /// - Returns: the compiler's messages if it fails, else `nil`
    /// - Throws: ``PluginError`` if it cannot be started, or cannot compile the stand-ins alone
    func makeLibrary(
        _ output: String, of source: String, folder: String, directory: String, sanitizers: [String],
        macros: [String] = [], optimizing: Bool = true, isFast: Bool = false
    ) throws(PluginError) -> String? {
        var arguments = [
            "-std=gnu11", optimizing ? "-O2" : "-O0", "-g", "-fPIC", "-shared", "-fvisibility=hidden",
            "-fno-strict-aliasing",
            "-fno-strict-overflow", "-fwrapv", "-w", "-fno-diagnostics-color", "-ffile-prefix-map=\(folder)/=", "-I",
            folder, "-o", output, source,
        ]
        // The last level wins. All errors are needed, not the first twenty.
        if isFast {
            arguments += ["-O1", "-g0", "-fmax-errors=0"]
            // A mutant that reads a variable without a value must not become the unchanged code.
            if try accepts(CCompiler.filling) { arguments.append(CCompiler.filling) }
        }
        arguments += macros.map { "-D\($0)=1" }
        // With -w, a call of an undeclared function would compile as one that returns int.
        arguments.append("-Werror=implicit-function-declaration")
        if sanitizers.contains("address") {
            arguments += ["-fsanitize=address", "-fno-omit-frame-pointer"]
            if try isClang() { arguments.append("-shared-libasan") }
        } else {
            // Not with a sanitizer: its runtime is resolved at load time.
            arguments.append("-Wl,-z,defs")
        }
        let (status, _, messages) = try run(arguments, in: directory)
        if status == 0 { return nil }
        // A compiler without headers is not the tree's fault: git bisect must not skip the commit for it.
        let alone = try run(["-std=gnu11", "-w", "-fsyntax-only", "-x", "c", "\(folder)/memory.h"])
        if alone.status != 0 {
            let reason = alone.errors.split(separator: "\n").first { $0.contains("error") } ?? "it fails"
            throw PluginError("\(command.joined(separator: " ")): cannot compile: \(reason)")
        }
        return messages
    }

    /// The option that sets variables without a value to a fixed one: clang, and gcc from 12 on.
    private static let filling = "-ftrivial-auto-var-init=pattern"

    private func accepts(_ option: String) throws(PluginError) -> Bool {
        try run([option, "-Werror", "-fsyntax-only", "-x", "c", "/dev/null"]).status == 0
    }

    /// Runs the preprocessor on a text without `#include` lines. Errors in it do not end it.
    func preprocess(_ text: String) throws(PluginError) -> String {
        let folder = try onFiles(TemporaryFolder.make)
        defer { TemporaryFolder.remove(folder) }
        let file = "\(folder)/directives.c"
        try onFiles { () throws(FileError) in try OutputFile.write(Array(text.utf8), to: file) }
        return try run(["-std=gnu11", "-E", "-P", "-w", "-x", "c", file]).output
    }

    /// The library to preload for a plug-in built with AddressSanitizer.
    func runtimeOfAddressSanitizer() throws(PluginError) -> String? {
        // Each compiler also finds the runtime of the other, so the name must fit.
        let ofClang = ["libclang_rt.asan-x86_64.so", "libclang_rt.asan-aarch64.so", "libclang_rt.asan.so"]
        for name in try isClang() ? ofClang : ["libasan.so"] {
            if let path = try path(of: name) { return path }
        }
        return nil
    }

    /// The path of a file that belongs to the compiler, or `nil` if it has none.
    func path(of name: String) throws(PluginError) -> String? {
        let path = try run(["-print-file-name=\(name)"]).output.trimmingCharacters(in: .whitespacesAndNewlines)
        return path.hasPrefix("/") && FileManager.default.fileExists(atPath: path) ? path : nil
    }

    private func isClang() throws(PluginError) -> Bool { try run(["--version"]).output.contains("clang") }

    private func run(_ arguments: [String], in directory: String? = nil) throws(PluginError) -> (
        status: Int32, output: String, errors: String
    ) {
        let folder = try onFiles(TemporaryFolder.make)
        defer { TemporaryFolder.remove(folder) }
        // Files, since a full pipe would block the compiler.
        let files = ["output", "errors"].map { "\(folder)/\($0)" }
        // CompilerReport parses the English messages.
        let environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 }
        let status: Int32
        do throws(Errno) {
            let input = try FileDescriptor.opening("/dev/null", .readOnly)
            defer { input.end() }
            let output = try FileDescriptor.opening(files[0], .writeOnly, .create, permissions: .ownerReadWrite)
            defer { output.end() }
            let errors = try FileDescriptor.opening(files[1], .writeOnly, .create, permissions: .ownerReadWrite)
            defer { errors.end() }
            status = ChildProcesses.waitForEnd(
                of: try ChildProcesses.startTool(
                    command + arguments, environment: environment, folder: directory,
                    standard: (input, output, errors)))
        } catch {
            throw PluginError("\(command.joined(separator: " ")): cannot be started: \(error.startReason)")
        }
        // The exit codes of env for a missing or non-executable program.
        if [126 << 8, 127 << 8].contains(status) {
            throw PluginError("\(command[0]): cannot be started; is CC right?")
        }
        var texts: [String] = []
        for file in files {
            let bytes = try onFiles { () throws(FileError) in try FileReader.bytes(of: file) }
            texts.append(String(decoding: bytes, as: UTF8.self))
        }
        return (status, texts[0], texts[1])
    }
}
