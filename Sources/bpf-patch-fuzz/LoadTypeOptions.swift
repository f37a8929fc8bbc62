import ArgumentParser
import Campaign
import KernelModel
import LinuxBPF

/// The options that select the type of the programs of objects.
struct LoadTypeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The type of all programs, instead of the one that their section names: a name of enum bpf_prog_type in lower \
            case without its prefix, such as sched_cls or xdp.
            """, valueName: "type"),
        transform: { text in
            guard let type = ProgramType.allCases.first(where: { $0.name == text.lowercased() }) else {
                throw ValidationError(
                    "'\(text)' is no program type; the types are \(ProgramType.allCases.map(\.name).joined(separator: ", "))"
                )
            }
            return type.rawValue
        })
    var type: UInt32?

    @Option(
        help: ArgumentHelp(
            """
            The expected attach type of all programs: a number of enum bpf_attach_type, or its name in lower case \
            without its prefix, such as cgroup_inet_ingress or trace_fentry.
            """, valueName: "attach-type"),
        transform: { text in
            guard let type = AttachType.number(named: text.lowercased()) else {
                throw ValidationError("'\(text)' is neither an attach type that libbpf knows nor a number")
            }
            return type
        })
    var attachType: UInt32?

    @Option(
        help: ArgumentHelp(
            """
            The program to which freplace, fentry and fexit programs attach: the id of a loaded program, or an object \
            with ':' and the name of one of its programs, by default the first. The section names the function, as in \
            freplace/FUNCTION.
            """, valueName: "target"))
    var targetProgram: String?

    /// The options as a value.
    var chosen: LoadOptions {
        LoadOptions(type: type, attachType: attachType, target: targetProgram.map { TargetProgram($0) })
    }
}

extension TargetProgram {
    /// Reads an id, a path, or a path with the name of a program.
    fileprivate init(_ text: String) {
        if let id = UInt32(text) {
            self = .loaded(id: id)
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let name = parts.count > 1 ? parts.last.map(String.init) : nil
        if let name, !name.isEmpty, !name.contains("/") {
            self = .inObject(path: parts.dropLast().joined(separator: ":"), name: name)
        } else {
            self = .inObject(path: text, name: nil)
        }
    }
}
