import CLibbpf
import Glibc
import UserFiles

/// An object whose programs are loaded into the running kernel.
struct RunnableObject {
    /// The whole ELF file, changed so that libbpf opens it; see ``LoadableCopy``.
    let bytes: [UInt8]
    /// What libbpf calls it.
    let name: String
    /// Its programs, in order.
    let kinds: [LibbpfLoader.Kind]
    /// Values for its `__kconfig` variables, where those of the running kernel cannot be read.
    let configuration: String?
    /// The types of the programs, in place of those that their sections name.
    let options: LoadOptions
    /// The program to which others attach, or `nil`.
    let target: TargetFunction?
    /// Each program as ``ObjectCode`` has it, with its tables; `nil` where it has none.
    let prepared: [LoadedCode?]

    /// Opens an object, for a caller who is ``LibbpfLoader/alone(_:)``.
    ///
    /// - Throws: the refusal of an object that libbpf does not open
    init(
        path: String, code: ObjectCode, options: LoadOptions = LoadOptions(),
        target: TargetFunction? = nil
    ) throws(LibbpfLoader.Refusal) {
        let bytes = LoadableCopy.bytes(of: code.file)
        self.bytes = bytes
        self.options = options
        self.target = target
        let name = path.split(separator: "/").last.map(String.init) ?? path
        self.name = name
        let found = unsafe try LibbpfLoader.withObject(bytes, name) { object in
            unsafe (
                LibbpfLoader.programs(of: object).map { unsafe LibbpfLoader.Kind($0) },
                LibbpfLoader.configuration(for: object)
            )
        }
        kinds = found.0
        configuration = Self.isConfigurationThere ? nil : found.1
        var linker = ProgramLinker(code)
        prepared = found.0.map { kind in
            code.programs.first { $0.name == kind.name && code.sectionName(of: $0) == kind.section }
                .flatMap { try? linker.link($0) }
        }
    }

    /// Chooses one program of an open object for loading, with all maps, and returns it.
    ///
    /// - Throws: a refusal if an option does not fit the program
    func choose(_ number: Int, of object: OpaquePointer) throws(LibbpfLoader.Refusal) -> OpaquePointer {
        var map = unsafe bpf_object__next_map(object, nil)
        while let current = unsafe map {
            // A pinned map is looked up in, and pinned to, the BPF file system.
            _ = unsafe bpf_map__set_pin_path(current, nil)
            // An arena that is not in the memory of this process needs an address.
            if unsafe bpf_map__type(current).rawValue == Self.arena, unsafe bpf_map__map_extra(current) == 0 {
                _ = unsafe bpf_map__set_map_extra(current, Self.arenaAddress)
            }
            unsafe map = bpf_object__next_map(object, current)
        }
        let programs = unsafe LibbpfLoader.programs(of: object)
        for index in unsafe 0..<programs.count {
            _ = unsafe bpf_program__set_autoload(programs[index], index == number)
        }
        guard unsafe number < programs.count else { throw LibbpfLoader.Refusal(message: "the program is missing") }
        let program = unsafe programs[number]
        if unsafe bpf_program__type(program) == BPF_PROG_TYPE_UNSPEC,
            let known = SectionTypes.newer.first(where: { $0.section == kinds[number].section })
        {
            _ = unsafe bpf_program__set_type(program, known.type)
            _ = unsafe bpf_program__set_expected_attach_type(program, bpf_attach_type(rawValue: known.attachType))
        }
        if let type = options.type { _ = unsafe bpf_program__set_type(program, bpf_prog_type(rawValue: type)) }
        if let type = options.attachType {
            _ = unsafe bpf_program__set_expected_attach_type(program, bpf_attach_type(rawValue: type))
        }
        if let target { unsafe try attach(program, kinds[number], to: target) }
        return unsafe program
    }

    /// Names the target of a program that attaches to another program.
    private func attach(
        _ program: OpaquePointer, _ kind: LibbpfLoader.Kind, to target: TargetFunction
    ) throws(LibbpfLoader.Refusal) {
        let type = unsafe bpf_program__type(program)
        guard type == BPF_PROG_TYPE_EXT || type == BPF_PROG_TYPE_TRACING else { return }
        // The section names the function: freplace/FUNCTION.
        let parts = kind.section.split(separator: "/", maxSplits: 1)
        let function = parts.count == 2 ? String(parts[1]) : target.name ?? kind.name
        let result = unsafe bpf_program__set_attach_target(program, target.descriptor, function)
        if result != 0 {
            let reason = LibbpfLog.reason(code: result)
            throw LibbpfLoader.Refusal(message: "function '\(function)' of the target program: \(reason)")
        }
    }

    /// `BPF_MAP_TYPE_ARENA`
    private static let arena: UInt32 = 33
    /// Any address that no process uses for something else.
    private static let arenaAddress: UInt64 = 1 << 44

    /// Whether the configuration of the running kernel is where libbpf looks for it.
    private static var isConfigurationThere: Bool {
        var machine = utsname()
        unsafe uname(&machine)
        let release = unsafe withUnsafeBytes(of: &machine.release) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let places = ["/boot/config-\(release)", "/proc/config.gz"]
        return places.contains { (try? SystemCall.check($0, for: R_OK)) != nil }
    }
}

/// A loaded program to which others attach.
struct TargetFunction: Sendable {
    var descriptor: Int32
    /// Its name, if it is known.
    var name: String?
}

/// Sections of objects that are newer than libbpf 1.1, and what is in them.
///
/// - Source: libbpf 1.5, `libbpf.c`, `section_defs`; `include/uapi/linux/bpf.h`, `enum bpf_attach_type`
private enum SectionTypes {
    static let newer: [(section: String, type: bpf_prog_type, attachType: UInt32)] = [
        ("tcx/ingress", BPF_PROG_TYPE_SCHED_CLS, 46),
        ("tcx/egress", BPF_PROG_TYPE_SCHED_CLS, 47),
        ("netkit/primary", BPF_PROG_TYPE_SCHED_CLS, 54),
        ("netkit/peer", BPF_PROG_TYPE_SCHED_CLS, 55),
    ]
}
