import BPF
import CBPFPatcher
import Glibc
import Patching
import SystemPackage
import UserFiles

/// A shared object that exports `bpf_patcher_v1()`. It stays loaded until the process ends.
///
/// ``makePatcher(options:)`` makes any number of patchers, each with its own buffers. The static variables of the object are
/// shared by all of them.
@safe
package final class Plugin: @unchecked Sendable {
    /// The options of calls to the plug-in.
    package struct Options: Hashable, Sendable {
        /// True if every pass runs twice. Otherwise about one pass in 16 does, always the same ones.
        package var runsEveryPassTwice: Bool
        /// One in this many allocations fails, in plug-ins built from kernel functions; 0 for none.
        package var failAlloc: UInt32

        package init(runsEveryPassTwice: Bool = false, failAlloc: UInt32 = 0) {
            self.runsEveryPassTwice = runsEveryPassTwice
            self.failAlloc = failAlloc
        }
    }

    /// The properties of a plug-in, for processes that must not load it.
    package struct Description: Hashable, Sendable, Codable {
        /// The absolute path of the file, without symbolic links.
        package fileprivate(set) var path: String
        /// The name of the patcher on the command line and in buckets.
        package let name: String
        /// The name that the user chose, or `nil` if the name is the plug-in's own.
        package let givenName: String?
        private let capabilityBits: UInt32
        /// The kernel release as text if the plug-in is built from kernel functions, else `nil`.
        package let release: String?
        /// The known properties of that kernel's functions, or `nil`.
        package let kernel: KernelFunctions?

        /// The capabilities that the plug-in declares.
        package var capabilities: PatcherCapabilities { PatcherCapabilities(rawValue: capabilityBits) }

        /// The description of the same plug-in at another path.
        package func moved(to path: String) -> Description {
            var moved = self
            moved.path = path
            return moved
        }

        fileprivate init(
            path: String, name: String, givenName: String?, capabilityBits: UInt32, release: String?,
            kernel: KernelFunctions?
        ) {
            self.path = path
            self.name = name
            self.givenName = givenName
            self.capabilityBits = capabilityBits
            self.release = release
            self.kernel = kernel
        }
    }

    typealias ChoosePass = @convention(c) (UInt32) -> Void
    typealias FailAlloc = @convention(c) (UInt64, UInt32) -> Void
    typealias FailedAllocs = @convention(c) () -> UInt64
    typealias FaultText = @convention(c) () -> UnsafePointer<CChar>?

    package let description: Description
    let apply: PluginCall.Apply
    let failAlloc: FailAlloc?
    let choosePass: ChoosePass?
    private let failedAllocsFunction: FailedAllocs?
    private let faultTableFunction: FaultText?
    private let faultFunction: FaultText?

    /// Loads a plug-in.
    ///
    /// - Parameters:
    ///   - path: the file
    ///   - name: a name that replaces the exported one
    ///   - reserved: names that a plug-in must not have
    /// - Throws: ``PluginError`` if the file is missing, is not a library, or breaks a rule of the ABI
    package convenience init(
        path: String, name: String? = nil, reserved: Set<String> = []
    ) throws(PluginError) {
        let resolved = try Self.resolve(path)
        let library = try Library(path: resolved, called: path)
        let patcher = unsafe try Self.patcher(of: library)
        unsafe try self.init(
            patcher, kernel: try Self.kernel(of: library), passes: try Self.passes(of: library), file: resolved,
            called: path, named: name,
            reserved: reserved)
    }

    /// Makes a plug-in of a C target that is linked into this program.
    ///
    /// - Throws: ``PluginError`` if it breaks a rule of the ABI
    @unsafe
    convenience init(linked export: () -> UnsafePointer<bpf_patcher>?) throws(PluginError) {
        let name = "bpf_patcher_v1()"
        let patcher = unsafe try Self.check(export(), of: name)
        unsafe try self.init(patcher, kernel: nil, passes: nil, file: name, called: name, named: nil, reserved: [])
    }

    private init(
        _ patcher: UnsafePointer<bpf_patcher>, kernel: UnsafePointer<bpf_patcher_kernel>?,
        passes: UnsafePointer<bpf_patcher_passes>?, file: String,
        called path: String, named given: String?, reserved: Set<String>
    ) throws(PluginError) {
        let own = unsafe patcher.pointee.name.map { unsafe String(cString: $0) } ?? ""
        let name = given ?? own
        if name.isEmpty {
            throw PluginError("\(path): its bpf_patcher_v1() returns no name; set .name")
        }
        if let fault = Self.fault(inName: name) { throw PluginError("\(path): its name \(fault)") }
        if reserved.contains(name) {
            throw PluginError("\(path): its name '\(name)' is that of another patcher; choose another name")
        }
        unsafe apply = patcher.pointee.apply
        var release: String?
        var functions: KernelFunctions?
        if let kernel = unsafe kernel {
            (release, functions) = unsafe try Self.functions(of: kernel, called: path)
            unsafe failAlloc = kernel.pointee.fail_alloc
            unsafe failedAllocsFunction = kernel.pointee.failed_allocs
            unsafe faultTableFunction = kernel.pointee.fault_table
            unsafe faultFunction = kernel.pointee.fault
            functions?.passes = unsafe try Self.names(of: passes, called: path)
            unsafe choosePass = passes?.pointee.choose
        } else {
            choosePass = nil
            (failAlloc, failedAllocsFunction) = (nil, nil)
            unsafe (faultTableFunction, faultFunction) = (nil, nil)
        }
        description = unsafe Description(
            path: file, name: name, givenName: given, capabilityBits: patcher.pointee.caps, release: release,
            kernel: functions)
    }

    /// The release and properties that a plug-in built from kernel functions exports.
    private static func functions(
        of kernel: UnsafePointer<bpf_patcher_kernel>, called path: String
    ) throws(PluginError) -> (release: String, functions: KernelFunctions) {
        let release = unsafe kernel.pointee.release.map { unsafe String(cString: $0) } ?? ""
        guard let number = KernelVersion(release) else {
            throw PluginError(
                "\(path): its bpf_patcher_kernel_v2() returns the release '\(release)'; set .release to one like 6.12.48"
            )
        }
        let functions = unsafe KernelFunctions(
            number, knowsGotol: kernel.pointee.limits & UInt32(BPF_PATCHER_KERNEL_NO_GOTOL.rawValue) == 0,
            knowsGotox: kernel.pointee.limits & UInt32(BPF_PATCHER_KERNEL_NO_GOTOX.rawValue) == 0,
            maxSubprograms: kernel.pointee.max_subprogs == 0 ? .max : Int(kernel.pointee.max_subprogs))
        return (release, functions)
    }

    /// The passes of the kernel that a plug-in runs; empty if it exports none.
    private static func names(
        of passes: UnsafePointer<bpf_patcher_passes>?, called path: String
    ) throws(PluginError) -> [KernelPass] {
        guard let passes = unsafe passes else { return [] }
        var names: [KernelPass] = []
        for number in unsafe 0..<Int(passes.pointee.count) {
            let name = unsafe passes.pointee.names[number].map { unsafe String(cString: $0) } ?? ""
            guard let pass = KernelPass(rawValue: name) else {
                throw PluginError("\(path): runs \(name)(), which this version does not know; build it again")
            }
            names.append(pass)
        }
        return names
    }

    /// The number of allocations that were made to fail since the plug-in was loaded.
    package var failedAllocs: UInt64 { failedAllocsFunction?() ?? 0 }

    /// The table that was wrong after the latest pass, and a sentence on its fault; both are empty if nothing is known.
    var fault: (table: String, sentence: String) {
        func text(_ function: FaultText?) -> String {
            unsafe function?().map { unsafe String(cString: $0) } ?? ""
        }
        return unsafe (text(faultTableFunction), text(faultFunction))
    }

    /// The longest name, so that file names of buckets fit a file system.
    private static let longestName = 64

    /// The reason why a name cannot be used in buckets and file names, or `nil`.
    package static func fault(inName name: String) -> String? {
        if name.utf8.count > longestName { return "'\(name.prefix(20))…' is longer than \(longestName) characters" }
        if let first = name.first, first != ".", first != "-",
            name.allSatisfy("abcdefghijklmnopqrstuvwxyz0123456789.+-".contains)
        {
            return nil
        }
        return "'\(name)' is used in file names and buckets; "
            + "use a-z, 0-9, '.', '+' and '-' only, and neither '.' nor '-' first"
    }

    private static func resolve(_ path: String) throws(PluginError) -> String {
        // The check refuses FIFOs, in which the dynamic linker would hang.
        try onFiles { () throws(FileError) in try FileReader.check(path) }
        do throws(Errno) { return try SystemCall.resolve(path) } catch {
            throw PluginError("\(path): cannot be read: \(error.reason)")
        }
    }

    /// Calls the required symbol and checks the struct that it returns.
    private static func patcher(of library: Library) throws(PluginError) -> UnsafePointer<bpf_patcher> {
        typealias Export = @convention(c) () -> UnsafePointer<bpf_patcher>?
        guard let symbol = unsafe library.symbol("bpf_patcher_v1") else {
            throw PluginError(
                "\(library.path): does not export bpf_patcher_v1(); define it as bpf_patcher.h declares it")
        }
        return unsafe try check(unsafeBitCast(symbol, to: Export.self)(), of: library.path)
    }

    private static func check(
        _ patcher: UnsafePointer<bpf_patcher>?, of path: String
    ) throws(PluginError) -> UnsafePointer<bpf_patcher> {
        guard let patcher = unsafe patcher else {
            throw PluginError("\(path): its bpf_patcher_v1() returns NULL; return the address of a struct bpf_patcher")
        }
        let abi = unsafe patcher.pointee.abi
        if abi != UInt32(BPF_PATCHER_ABI) {
            throw PluginError(
                "\(path): is for version \(abi) of the ABI, and this is version \(BPF_PATCHER_ABI); "
                    + "build it with the bpf_patcher.h of this version")
        }
        if unsafe patcher.pointee.apply == nil {
            throw PluginError("\(path): its bpf_patcher_v1() returns no apply(); set .apply")
        }
        return unsafe patcher
    }

    /// Calls the symbol that plug-ins built from kernel functions export; `nil` if there is none.
    private static func kernel(of library: Library) throws(PluginError) -> UnsafePointer<bpf_patcher_kernel>? {
        typealias Export = @convention(c) () -> UnsafePointer<bpf_patcher_kernel>?
        guard let symbol = unsafe library.symbol("bpf_patcher_kernel_v2") else {
            if unsafe library.symbol("bpf_patcher_kernel_v1") == nil { return nil }
            throw PluginError("\(library.path): was built by an older version; build it again with 'plugin build'")
        }
        guard let kernel = unsafe unsafeBitCast(symbol, to: Export.self)() else {
            throw PluginError(
                "\(library.path): its bpf_patcher_kernel_v2() returns NULL; return the address of a struct bpf_patcher_kernel"
            )
        }
        let abi = unsafe kernel.pointee.abi
        if abi != UInt32(BPF_PATCHER_ABI) {
            throw PluginError(
                "\(library.path): its bpf_patcher_kernel_v2() is for version \(abi) of the ABI, and this is version "
                    + "\(BPF_PATCHER_ABI); rebuild it")
        }
        return unsafe kernel
    }

    /// Calls the symbol that plug-ins export which run passes of the kernel; `nil` if there is none.
    private static func passes(of library: Library) throws(PluginError) -> UnsafePointer<bpf_patcher_passes>? {
        typealias Export = @convention(c) () -> UnsafePointer<bpf_patcher_passes>?
        guard let symbol = unsafe library.symbol("bpf_patcher_passes_v1") else { return nil }
        guard let passes = unsafe unsafeBitCast(symbol, to: Export.self)(),
            unsafe passes.pointee.abi == UInt32(BPF_PATCHER_ABI)
        else { throw PluginError("\(library.path): was built by another version; build it again with 'plugin build'") }
        return unsafe passes
    }

    /// A library that stays loaded.
    @safe
    private struct Library {
        /// The file as the user named it.
        let path: String
        private let handle: UnsafeMutableRawPointer

        init(path: String, called name: String) throws(PluginError) {
            guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
                var reason = unsafe dlerror().map { unsafe String(cString: $0) } ?? "the loader names no reason"
                if reason.hasPrefix(path + ": ") { reason.removeFirst(path.count + 2) }
                throw PluginError("\(name): cannot be loaded as a library: \(reason); build it with cc -shared -fPIC")
            }
            self.path = name
            unsafe self.handle = handle
        }

        func symbol(_ name: String) -> UnsafeMutableRawPointer? { unsafe dlsym(handle, name) }
    }
}

/// The entry for other packages: a plug-in that is linked into the program.
package enum LinkedPlugin {
    /// Makes a patcher from the function that a C target exports.
    ///
    /// - Throws: an error if the exported struct breaks a rule of the ABI
    @unsafe
    package static func makePatcher(of export: () -> UnsafePointer<bpf_patcher>?) throws -> any Patcher {
        try unsafe Plugin(linked: export).makePatcher()
    }
}
