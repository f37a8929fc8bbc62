import BPF
import CLibbpf
import Glibc
import Testing

@testable import LinuxBPF

@Suite("What is left in the kernel", .serialized, .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct LeftoverTests {
    /// Loads programs with every kind of map, says on standard output what the kernel calls them, and keeps them.
    @Sendable static func loadEverything() throws -> (RunningKernel, [LoadOutcome.Kept]) {
        let kernel = try RunningKernel()
        var kept: [LoadOutcome.Kept] = []
        for kind in MapKind.allCases {
            let program = LoadableProgram(
                program: Program(statements: [["r1 = \(kind.rawValue) ll {src=5}", "r0 = 0", "exit"]]), type: .schedCLS)
            guard case .loaded(let loaded) = kernel.load(program) else { continue }
            let map = try kernel.read(loaded).insns[0].imm
            print("id \(identifier(of: loaded.descriptor)) \(map)")
            kept.append(LoadOutcome.Kept(loaded))
        }
        fflush(nil)
        return (kernel, kept)
    }

    /// The kernel's number of a program.
    static func identifier(of descriptor: Int32) -> UInt32 {
        var info = bpf_prog_info()
        var size = UInt32(MemoryLayout<bpf_prog_info>.size)
        return unsafe bpf_obj_get_info_by_fd(descriptor, &info, &size) == 0 ? info.id : 0
    }

    /// Whether the kernel still has something with a number.
    static func isThere(_ id: UInt32, _ open: (UInt32) -> Int32) -> Bool {
        let descriptor = open(id)
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
    }

    /// Waits until all that was printed is gone; what is still there after some seconds.
    static func leftovers(of output: [UInt8]) -> [String] {
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("id ") }
        // A test of nothing would pass.
        if lines.count != MapKind.allCases.count { return ["\(lines.count) programs were loaded"] }
        var left: [String] = []
        // The kernel frees some of it behind the back of the process that ends.
        for _ in 0..<100 {
            left = []
            for line in lines {
                let ids = line.split(separator: " ").compactMap { UInt32($0) }
                if isThere(ids[0], { bpf_prog_get_fd_by_id($0) }) { left.append("program \(ids[0])") }
                if isThere(ids[1], { bpf_map_get_fd_by_id($0) }) { left.append("map \(ids[1])") }
            }
            if left.isEmpty { break }
            usleep(50_000)
        }
        return left
    }

    @Test("Nothing after an end in the middle")
    func afterExit() async {
        let result = await #expect(processExitsWith: .exitCode(7), observing: [\.standardOutputContent]) {
            let everything = try LeftoverTests.loadEverything()
            withExtendedLifetime(everything) { exit(7) }
        }
        #expect(Self.leftovers(of: result?.standardOutputContent ?? []) == [])
    }

    @Test("Nothing after SIGKILL")
    func afterKill() async {
        let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            let everything = try LeftoverTests.loadEverything()
            withExtendedLifetime(everything) { _ = kill(getpid(), SIGKILL) }
        }
        #expect(Self.leftovers(of: result?.standardOutputContent ?? []) == [])
    }

    @Test("Nothing once what holds it is gone, in the same process")
    func afterDeinit() throws {
        var map: Int32 = 0
        var program: UInt32 = 0
        do {
            let kernel = try RunningKernel()
            let loadable = LoadableProgram(program: Program(statements: [["r1 = 0 ll {src=5}", "r0 = 0", "exit"]]))
            guard case .loaded(let loaded) = kernel.load(loadable) else { throw KernelError(.load, code: 0) }
            map = try kernel.read(loaded).insns[0].imm
            program = Self.identifier(of: loaded.descriptor)
            #expect(Self.isThere(program) { bpf_prog_get_fd_by_id($0) })
            #expect(Self.isThere(UInt32(map)) { bpf_map_get_fd_by_id($0) })
        }
        for _ in 0..<100 where Self.isThere(UInt32(map), { bpf_map_get_fd_by_id($0) }) { usleep(50_000) }
        #expect(!Self.isThere(UInt32(map)) { bpf_map_get_fd_by_id($0) })
        #expect(!Self.isThere(program) { bpf_prog_get_fd_by_id($0) })
    }
}

extension LoadOutcome {
    /// A loaded program in an array.
    final class Kept {
        let loaded: LoadedProgram
        init(_ loaded: consuming LoadedProgram) { self.loaded = loaded }
    }
}
