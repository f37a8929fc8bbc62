import BPF
import Testing

@testable import Patching

/// `SlotSet` compared with `Set`, at every border of a word.
@Suite struct SlotSetTests {
    private static let slots = 200
    private static let borders = [0, 1, 2, 62, 63, 64, 65, 126, 127, 128, 129, 191, 192, 199, 200]

    @Test(arguments: borders) func rangeIsCounted(_ start: Int) {
        var storage = SlotSet.Storage()
        for end in SlotSetTests.borders {
            // The memory still has the members of the previous set.
            let set = storage.makeSet(slots: SlotSetTests.slots)
            let members = start < end ? Set(start..<end) : []
            for slot in members { unsafe set.insert(InputIndex(slot)) }
            check(set, against: members, "from \(start) to \(end)")
        }
    }

    @Test(arguments: 1...9) func stridesAreCounted(_ stride: Int) {
        var storage = SlotSet.Storage()
        let set = storage.makeSet(slots: SlotSetTests.slots)
        var members: Set<Int> = []
        for slot in Swift.stride(from: 0, through: SlotSetTests.slots, by: stride) {
            unsafe set.insert(InputIndex(slot))
            members.insert(slot)
        }
        check(set, against: members, "every \(stride)")
    }

    private func check(_ set: SlotSet, against members: Set<Int>, _ what: String) {
        #expect(set.seal() == members.count, "\(what)")
        var count = 0
        for slot in 0...SlotSetTests.slots {
            count += members.contains(slot) ? 1 : 0
            #expect(unsafe set.member(InputIndex(slot)) == (members.contains(slot) ? 1 : 0), "\(what), slot \(slot)")
            #expect(unsafe set.count(through: InputIndex(slot)) == count, "\(what), slot \(slot)")
        }
    }
}
