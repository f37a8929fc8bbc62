import BPF
import Testing

@testable import LinuxBPF

/// What the verifier's log says, in logs written by hand.
struct LogBufferTests {
    /// A buffer with a log.
    private func buffer(_ log: String, capacity: Int = 4096) -> LogBuffer {
        let buffer = LogBuffer(capacity: capacity)
        for (place, byte) in (Array(log.utf8) + [0]).enumerated() { unsafe buffer.row[Slot(place)] = byte }
        return buffer
    }

    struct Sample: Sendable, CustomTestStringConvertible {
        var log: String
        var seen: [Bool]
        var testDescription: String { log.debugDescription }
    }

    static let samples = [
        Sample(log: "", seen: [false, false]),
        Sample(log: "0: (b7) r0 = 0\n1: (95) exit\n", seen: [true, true, false]),
        // Without an end, with a state, in a source line, in the middle of a line.
        Sample(log: "2: (95) exit", seen: [false, false, true]),
        Sample(log: "0: R1=ctx() R10=fp0\n; 1: (95)\n x 2: (95)\n", seen: [false, false, false]),
        Sample(log: "\n\n1: (95) exit\n: (\n12\n", seen: [false, true]),
        // A slot that the program does not have.
        Sample(log: "2: (95) exit\n99999999999: (95)\n", seen: [false, false]),
        // What only a wrong guess leads to does not count, until the next path.
        Sample(
            log:
                "0: (b7) r0 = 0\nfrom 0 to 1 (speculative execution): R0=0\n1: (b7) r1 = 0\nfrom 0 to 2: R0=0\n2: (95)\n",
            seen: [true, false, true]),
        Sample(
            log: "from 0 to 1 (speculative execution): R0=0\n1: (b7) r1 = 0\nValidating f() func#1...\n2: (95)\n",
            seen: [false, false, true]),
        Sample(
            log: """
                func#0 @0
                0: R1=ctx() R10=fp0
                0: (b7) r0 = 0                        ; R0_w=0
                2: R0_w=0
                3: (05) goto pc+1
                mark_precise: frame0: regs=r0 stack= before 4: (b7) r0 = 0

                from 3 to 6 (speculative execution): R0=0
                6: (95) exit

                from 3 to 5: R0=0
                5: (95) exit
                99: (95) exit
                processed 4 insns (limit 1000000)
                """, seen: [true, false, false, true, false, true, false]),
    ]

    @Test("Slots that the verifier saw are read out of its log", arguments: samples)
    func seen(_ sample: Sample) {
        #expect(buffer(sample.log).seen(slots: sample.seen.count) == sample.seen)
    }

    @Test("A log that fills the buffer to the brim is read to its end")
    func full() {
        let log = "1: (95) exit"
        let buffer = LogBuffer(capacity: log.utf8.count)
        for (place, byte) in log.utf8.enumerated() { unsafe buffer.row[Slot(place)] = byte }
        #expect(buffer.length == log.utf8.count)
        #expect(buffer.seen(slots: 2) == [false, true])
    }

    @Test("A long log is forgotten when it is released")
    func release() {
        let size = 1 << 25
        let buffer = LogBuffer(capacity: size)
        for place in 0..<size - 1 { unsafe buffer.row[Slot(place)] = 49 }
        unsafe buffer.row[Slot(size - 1)] = 0
        #expect(buffer.length == size - 1)
        buffer.release()
        #expect(buffer.length == 0)
    }
}
