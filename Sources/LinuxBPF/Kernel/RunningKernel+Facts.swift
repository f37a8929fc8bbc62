import BPF
import CLibbpf
import Glibc
import KernelModel

extension RunningKernel {
    /// Finds out what the kernel is and has, by loading a small program for each thing.
    ///
    /// - Complexity: some dozens of loads, and the kernel's BTF is read: milliseconds
    func foundFacts() -> KernelFacts {
        var features = Set(FeatureProbe.all.filter { shows($0) }.map(\.feature))
        if unsafe state.value.hasKernelTypes { features.insert(.kernelTypes) }
        if hasCompiler { features.insert(.jit) }
        // A descriptor that is none is looked at only by a kernel that knows the command.
        if bpf_prog_test_run_opts(-1, nil) != 0 && errno == EBADF { features.insert(.testRun) }
        let types = ProgramType.allCases.filter { type in
            if case .loaded = load(FeatureProbe.program(of: type)) { true } else { false }
        }
        var name = utsname()
        _ = unsafe uname(&name)
        let release = unsafe withUnsafeBytes(of: &name.release) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return KernelFacts(
            release: release, features: features, programTypes: Set(types),
            functions: Set(KernelFacts.knownFunctions.filter { unsafe state.value.hasKernelFunction($0) }),
            configuration: KernelConfiguration.read(release: release))
    }

    /// Whether a feature's program is accepted and comes back as it should.
    private func shows(_ probe: FeatureProbe) -> Bool {
        guard case .loaded(let loaded) = load(probe.program), let result = try? read(loaded) else { return false }
        return probe.shows(result)
    }

    /// Whether a program is compiled for the processor.
    private var hasCompiler: Bool {
        guard case .loaded(let loaded) = load(FeatureProbe.program(of: .socketFilter)) else { return false }
        var info = bpf_prog_info()
        var size = UInt32(MemoryLayout<bpf_prog_info>.size)
        return unsafe bpf_obj_get_info_by_fd(loaded.descriptor, &info, &size) == 0 && info.jited_prog_len != 0
    }
}
