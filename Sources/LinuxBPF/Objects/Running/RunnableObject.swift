import CLibbpf
import Glibc
import UserFiles

/// An object whose programs go to the running kernel.
struct RunnableObject {
    /// The whole ELF file.
    let bytes: [UInt8]
    /// What libbpf calls it.
    let name: String
    /// Its programs, in order.
    let kinds: [LibbpfLoader.Kind]
    /// Values for its `__kconfig` variables, where those of the running kernel cannot be read.
    let configuration: String?
    /// Each program as libbpf prepares it without the kernel, with its tables; `nil` where it does not.
    let prepared: [LoadedCode?]

    /// Opens the object, and lets libbpf prepare it; for a caller who is ``LibbpfLoader/alone(_:)``.
    ///
    /// - Throws: the refusal of an object that libbpf does not open
    init(path: String, bytes: [UInt8]) throws(LibbpfLoader.Refusal) {
        self.bytes = bytes
        name = path.split(separator: "/").last.map(String.init) ?? path
        let found = unsafe try LibbpfLoader.withObject(bytes, name) { object in
            unsafe (
                LibbpfLoader.programs(of: object).map { unsafe LibbpfLoader.Kind($0) },
                LibbpfLoader.configuration(for: object)
            )
        }
        kinds = found.0
        configuration = Self.isConfigurationThere ? nil : found.1
        let outcomes: [LibbpfLoader.Outcome]
        do throws(LibbpfLoader.Refusal) {
            outcomes = try LibbpfLoader.capturedOutcomes(of: bytes, name: name)
        } catch {
            outcomes = []
        }
        prepared = found.0.indices.map { number in
            guard number < outcomes.count, case .loaded(let code) = outcomes[number] else { return nil }
            return code.name == found.0[number].name ? code : nil
        }
    }

    /// Sees that of an open object one program is loaded, with all maps, and gives it.
    func choose(_ number: Int, of object: OpaquePointer) -> OpaquePointer? {
        var map = unsafe bpf_object__next_map(object, nil)
        while let current = unsafe map {
            // A pinned map is looked up in, and pinned to, the BPF file system.
            _ = unsafe bpf_map__set_pin_path(current, nil)
            unsafe map = bpf_object__next_map(object, current)
        }
        let programs = unsafe LibbpfLoader.programs(of: object)
        for index in unsafe 0..<programs.count {
            _ = unsafe bpf_program__set_autoload(programs[index], index == number)
        }
        guard unsafe number < programs.count else { return nil }
        let program = unsafe programs[number]
        if unsafe bpf_program__type(program) == BPF_PROG_TYPE_UNSPEC,
            let known = SectionTypes.newer.first(where: { $0.section == kinds[number].section })
        {
            _ = unsafe bpf_program__set_type(program, known.type)
            _ = unsafe bpf_program__set_expected_attach_type(program, bpf_attach_type(rawValue: known.attachType))
        }
        return unsafe program
    }

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
