import BPF
import CLibbpf
import Glibc
import KernelModel

extension RunningKernel {
    /// Finds the release, features and settings of the kernel, by loading a small program for each feature and type.
    ///
    /// - Throws: ``KernelError`` if this process lacks descriptors, or memory to read a program back
    /// - Complexity: some dozens of loads, and the kernel's BTF is read: milliseconds
    func foundFacts() throws(KernelError) -> KernelFacts {
        var name = utsname()
        _ = unsafe uname(&name)
        let release = unsafe withUnsafeBytes(of: &name.release) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        var facts = KernelFacts(release: release, features: [], programTypes: [])
        let log = KernelLog()
        for probe in FeatureProbe.all {
            let (isShown, answer) = try answer(probe.feature.rawValue, to: probe.program, log) { probe.shows($0) }
            if isShown { facts.features.insert(probe.feature) }
            if let answer { facts.answers.append(answer) }
        }
        for type in ProgramType.allCases {
            let (isShown, answer) = try answer(type.name, to: FeatureProbe.program(of: type), log) { _ in true }
            if isShown { facts.programTypes.insert(type) }
            // Which program types a kernel has is a matter of its configuration.
            if let answer, answer.isFault { facts.answers.append(answer) }
        }
        if unsafe state.value.hasKernelTypes { facts.features.insert(.kernelTypes) }
        if hasCompiler { facts.features.insert(.jit) }
        // Only a kernel that knows the command looks at the invalid descriptor.
        if bpf_prog_test_run_opts(-1, nil) != 0 && errno == EBADF { facts.features.insert(.testRun) }
        facts.functions = Set(KernelFacts.knownFunctions.filter { unsafe state.value.hasKernelFunction($0) })
        facts.configuration = KernelConfiguration.read(release: release)
        facts.layout = unsafe state.value.layout()
        return facts
    }

    /// Loads a probe and reads it back.
    ///
    /// - Returns: true if the kernel shows the feature; and the answer, if it does not or if it complains
    /// - Throws: ``KernelError`` if this process lacks descriptors, or memory to read a program back
    private func answer(
        _ name: String, to program: LoadableProgram, _ log: KernelLog, _ shows: (Program) -> Bool
    ) throws(KernelError) -> (isShown: Bool, answer: ProbeAnswer?) {
        var answer: ProbeAnswer?
        switch load(program) {
        // A kernel may refuse a map with EPERM or ENOMEM because of its kind, which is an answer.
        case .refused(let refusal) where KernelError(.load, code: refusal.code).isOfEnvironment:
            throw KernelError(.use, code: refusal.code, "what the kernel supports is not known")
        case .refused(let refusal):
            answer = ProbeAnswer(
                probe: name, code: refusal.code, line: refusal.text, isFault: refusal.isVerifierBug)
        case .loaded(let loaded):
            do throws(KernelError) {
                if !shows(try read(loaded)) {
                    answer = ProbeAnswer(probe: name, code: 0, line: "the program is not rewritten", isFault: false)
                }
            } catch {
                if error.isOfEnvironment { throw error }
                answer = ProbeAnswer(probe: name, code: error.code, line: error.description, isFault: false)
            }
        }
        let isShown = answer == nil
        if let complaint = log.complaints(of: getpid()).first {
            answer = ProbeAnswer(probe: name, code: answer?.code ?? 0, line: complaint.line, isFault: true)
        }
        return (isShown, answer)
    }

    /// True if programs are compiled for the processor.
    private var hasCompiler: Bool {
        guard case .loaded(let loaded) = load(FeatureProbe.program(of: .socketFilter)) else { return false }
        var info = bpf_prog_info()
        var size = UInt32(MemoryLayout<bpf_prog_info>.size)
        return unsafe bpf_obj_get_info_by_fd(loaded.descriptor, &info, &size) == 0 && info.jited_prog_len != 0
    }
}
