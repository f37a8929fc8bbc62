import CBPFPatcher
import Glibc
import Patching
import UserFiles

/// A shared object that exports `bpf_patcher_v1()`, loaded into this process for good.
///
/// What it exports is looked at once; ``makePatcher(options:)`` makes any number of patchers of it, each with memory of its
/// own. Whatever the object keeps in its own variables is shared by all of them.
@safe
public final class Plugin: @unchecked Sendable {
    /// How its patchers are to be used.
    public struct Options: Hashable, Sendable {
        /// Whether every pass is asked twice; otherwise about one in 16 is, always the same ones.
        public var checksEveryAnswer: Bool
        /// One allocation in so many fails, for plug-ins made of the kernel's functions; 0 for none.
        public var failAlloc: UInt32

        public init(checksEveryAnswer: Bool = false, failAlloc: UInt32 = 0) {
            self.checksEveryAnswer = checksEveryAnswer
            self.failAlloc = failAlloc
        }
    }

    typealias FailAlloc = @convention(c) (UInt64, UInt32) -> Void
    typealias FailedAllocs = @convention(c) () -> UInt64

    /// The file, as an absolute path without links.
    public let path: String
    /// What the patcher is called on the command line and in buckets.
    public let name: String
    /// The same where the user chose it, or `nil` where the object did.
    let givenName: String?
    /// What it says it can do.
    public let capabilities: PatcherCapabilities
    /// The release of the kernel whose functions it is made of, as that names it, or `nil`.
    public let release: String?
    /// The same release in numbers, with what else is known of these functions, or `nil`.
    public let kernel: KernelFunctions?
    let apply: Handover.Apply
    let failAlloc: FailAlloc?
    private let failedAllocsFunction: FailedAllocs?

    /// Loads a plug-in.
    ///
    /// - Parameters:
    ///   - path: the file
    ///   - name: a name that replaces the one that it exports
    ///   - reserved: names that a plug-in may not have
    /// - Throws: ``PluginError`` when there is no such file, it is no library, or it breaks a rule of the ABI
    public convenience init(
        path: String, name: String? = nil, reserved: Set<String> = []
    ) throws(PluginError) {
        let resolved = try Self.resolve(path)
        let library = try Library(path: resolved, called: path)
        let patcher = unsafe try Self.patcher(of: library)
        unsafe try self.init(
            patcher, kernel: try Self.kernel(of: library), file: resolved, called: path, named: name,
            reserved: reserved)
    }

    /// Takes what a C target of the same program exports, which measurements do.
    ///
    /// - Throws: ``PluginError`` when it breaks a rule of the ABI
    @unsafe
    public convenience init(linked export: () -> UnsafePointer<bpf_patcher>?) throws(PluginError) {
        let name = "bpf_patcher_v1()"
        let patcher = unsafe try Self.check(export(), of: name)
        unsafe try self.init(patcher, kernel: nil, file: name, called: name, named: nil, reserved: [])
    }

    private init(
        _ patcher: UnsafePointer<bpf_patcher>, kernel: UnsafePointer<bpf_patcher_kernel>?, file: String,
        called path: String, named given: String?, reserved: Set<String>
    ) throws(PluginError) {
        self.path = file
        givenName = given
        let own = unsafe patcher.pointee.name.map { unsafe String(cString: $0) } ?? ""
        let name = given ?? own
        if name.isEmpty {
            throw PluginError("\(path): its bpf_patcher_v1() gives no name; set .name")
        }
        if let fault = Self.fault(inName: name) { throw PluginError("\(path): its name \(fault)") }
        if reserved.contains(name) {
            throw PluginError("\(path): its name '\(name)' is that of another patcher; give it a name of its own")
        }
        self.name = name
        capabilities = PatcherCapabilities(rawValue: unsafe patcher.pointee.caps)
        unsafe apply = patcher.pointee.apply
        guard let kernel = unsafe kernel else {
            (release, self.kernel, failAlloc, failedAllocsFunction) = (nil, nil, nil, nil)
            return
        }
        let release = unsafe kernel.pointee.release.map { unsafe String(cString: $0) } ?? ""
        guard let number = KernelRelease(release) else {
            throw PluginError(
                "\(path): its bpf_patcher_kernel_v1() gives '\(release)' for a release; set .release to one like 6.12.48"
            )
        }
        self.release = release
        self.kernel = unsafe KernelFunctions(
            number, knowsGotol: kernel.pointee.limits & UInt32(BPF_PATCHER_KERNEL_NO_GOTOL.rawValue) == 0,
            knowsGotox: kernel.pointee.limits & UInt32(BPF_PATCHER_KERNEL_NO_GOTOX.rawValue) == 0,
            maxSubprograms: kernel.pointee.max_subprogs == 0 ? .max : Int(kernel.pointee.max_subprogs))
        unsafe failAlloc = kernel.pointee.fail_alloc
        unsafe failedAllocsFunction = kernel.pointee.failed_allocs
    }

    /// How many allocations have failed on purpose since it was loaded.
    public var failedAllocs: UInt64 { failedAllocsFunction?() ?? 0 }

    /// The longest name, so that file names of buckets fit a file system.
    private static let longestName = 64

    /// Why a name cannot be used in buckets and file names, or `nil`.
    public static func fault(inName name: String) -> String? {
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
        // The dynamic linker would wait for ever for the writer of a FIFO.
        try onFiles { () throws(FileError) in try FileReader.check(path) }
        guard let resolved = unsafe realpath(path, nil) else {
            throw PluginError("\(path): cannot be read: \(SystemReason.text())")
        }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// What the required symbol gives.
    private static func patcher(of library: Library) throws(PluginError) -> UnsafePointer<bpf_patcher> {
        typealias Export = @convention(c) () -> UnsafePointer<bpf_patcher>?
        guard let symbol = unsafe library.symbol("bpf_patcher_v1") else {
            throw PluginError(
                "\(library.path): does not export bpf_patcher_v1(); define it as bpf_patcher.h declares it")
        }
        return unsafe try check(unsafeBitCast(symbol, to: Export.self)(), of: library.path)
    }

    /// Looks at what the required symbol gives.
    private static func check(
        _ patcher: UnsafePointer<bpf_patcher>?, of path: String
    ) throws(PluginError) -> UnsafePointer<bpf_patcher> {
        guard let patcher = unsafe patcher else {
            throw PluginError("\(path): its bpf_patcher_v1() gives NULL; return the address of a struct bpf_patcher")
        }
        let abi = unsafe patcher.pointee.abi
        if abi != UInt32(BPF_PATCHER_ABI) {
            throw PluginError(
                "\(path): is for version \(abi) of the ABI, and this is version \(BPF_PATCHER_ABI); "
                    + "build it with the bpf_patcher.h of this version")
        }
        if unsafe patcher.pointee.apply == nil {
            throw PluginError("\(path): its bpf_patcher_v1() gives no apply(); set .apply")
        }
        return unsafe patcher
    }

    /// What the symbol of plug-ins made of a kernel tree gives, or `nil` where there is none.
    private static func kernel(of library: Library) throws(PluginError) -> UnsafePointer<bpf_patcher_kernel>? {
        typealias Export = @convention(c) () -> UnsafePointer<bpf_patcher_kernel>?
        guard let symbol = unsafe library.symbol("bpf_patcher_kernel_v1") else { return nil }
        guard let kernel = unsafe unsafeBitCast(symbol, to: Export.self)() else {
            throw PluginError(
                "\(library.path): its bpf_patcher_kernel_v1() gives NULL; return the address of a struct bpf_patcher_kernel"
            )
        }
        let abi = unsafe kernel.pointee.abi
        if abi != UInt32(BPF_PATCHER_ABI) {
            throw PluginError(
                "\(library.path): its bpf_patcher_kernel_v1() is for version \(abi) of the ABI, and this is version "
                    + "\(BPF_PATCHER_ABI); build it anew")
        }
        return unsafe kernel
    }

    /// A library that stays loaded.
    @safe
    private struct Library {
        /// The file as it was named.
        let path: String
        private let handle: UnsafeMutableRawPointer

        init(path: String, called name: String) throws(PluginError) {
            guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
                var reason = unsafe dlerror().map { unsafe String(cString: $0) } ?? "no reason given"
                if reason.hasPrefix(path + ": ") { reason.removeFirst(path.count + 2) }
                throw PluginError("\(name): cannot be loaded as a library: \(reason); build it with cc -shared -fPIC")
            }
            self.path = name
            unsafe self.handle = handle
        }

        func symbol(_ name: String) -> UnsafeMutableRawPointer? { unsafe dlsym(handle, name) }
    }
}

extension Plugin: Hashable {
    public static func == (left: Plugin, right: Plugin) -> Bool { left.path == right.path }

    public func hash(into hasher: inout Hasher) { hasher.combine(path) }
}
