import BPF
import CLibbpf
import Glibc
import KernelModel
import TestSupport
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
            print("program \(identifier(of: loaded.descriptor))")
            kept.append(LoadOutcome.Kept(loaded))
        }
        for map in unsafe kernel.state.value.maps.identifiers.keys { print("map \(map)") }
        fflush(nil)
        return (kernel, kept)
    }

    /// The kernel's number of a program.
    static func identifier(of descriptor: Int32) -> UInt32 {
        var info = bpf_prog_info()
        var size = UInt32(MemoryLayout<bpf_prog_info>.size)
        return unsafe bpf_obj_get_info_by_fd(descriptor, &info, &size) == 0 ? info.id : 0
    }

    /// Whether the kernel still has a program with a number.
    static func hasProgram(_ id: UInt32) -> Bool {
        var next: UInt32 = 0
        return unsafe bpf_prog_get_next_id(id - 1, &next) == 0 && next == id
    }

    /// Whether the kernel still has a map with a number.
    ///
    /// It is not opened for that: a `PROG_ARRAY` opened by its number while the kernel is about to empty it, which is when
    /// its last descriptor was just closed, and closed again, is never freed (seen with 6.18).
    ///
    /// - Source: `kernel/bpf/arraymap.c`, `prog_array_map_clear`, 6.12: takes a reference even if the work is queued already
    static func hasMap(_ id: UInt32) -> Bool {
        var next: UInt32 = 0
        return unsafe bpf_map_get_next_id(id - 1, &next) == 0 && next == id
    }

    /// How often something is looked for that is to go, 20 times a second: for five minutes, as a slow machine may need.
    static let looks = 6000

    /// Waits until all that was printed is gone; what is still there after all looks.
    static func leftovers(of output: [UInt8]) -> [String] {
        var things: [(kind: String, id: UInt32)] = []
        for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 2, ["map", "program"].contains(words[0]), let id = UInt32(words[1]) else { continue }
            things.append((words[0], id))
        }
        // A test of nothing would pass.
        if things.count != MapKind.allCases.count * 2 { return ["only \(things.count) things were made"] }
        var left: [String] = []
        // The kernel frees some of it behind the back of the process that ends.
        for _ in 0..<looks {
            left = []
            for (kind, id) in things where kind == "map" ? hasMap(id) : hasProgram(id) {
                left.append("\(kind) \(id)")
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
        var map: UInt32 = 0
        var program: UInt32 = 0
        do {
            let kernel = try RunningKernel()
            let loadable = LoadableProgram(program: Program(statements: [["r1 = 0 ll {src=5}", "r0 = 0", "exit"]]))
            guard case .loaded(let loaded) = kernel.load(loadable) else { throw KernelError(.load, code: 0) }
            map = unsafe try #require(kernel.state.value.maps.identifiers.keys.first)
            program = Self.identifier(of: loaded.descriptor)
            #expect(Self.hasProgram(program))
            #expect(Self.hasMap(map))
        }
        for _ in 0..<Self.looks where Self.hasMap(map) { usleep(50_000) }
        #expect(!Self.hasMap(map))
        #expect(!Self.hasProgram(program))
    }
}

extension LoadOutcome {
    /// A loaded program in an array.
    final class Kept {
        let loaded: LoadedProgram
        init(_ loaded: consuming LoadedProgram) { self.loaded = loaded }
    }
}
