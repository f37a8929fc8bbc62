import BPF
import Patching

/// The pairs of slot and place from which no way leads to the end.
///
/// - Shape: a table of 4096 pairs; when it is full, places are entered again
struct FailedPlaces: ~Copyable {
    private static let size = 4096
    private var storage = Scratch<UInt64>(capacity: FailedPlaces.size)
    private var count = 0

    /// No pair: no program is that long.
    private static let free = UInt64.max

    mutating func removeAll() { count = 0 }

    @inline(__always)
    func holds(_ slot: InputIndex, _ place: OutputIndex) -> Bool {
        if count == 0 { return false }
        let row = storage.buffer(as: Slot.self)
        return unsafe row[find(slot, place)] != FailedPlaces.free
    }

    mutating func insert(_ slot: InputIndex, _ place: OutputIndex) {
        if count == FailedPlaces.size / 2 { return }
        let row = storage.buffer(as: Slot.self)
        if count == 0 { unsafe row.fill(FailedPlaces.size, from: Slot(0), with: FailedPlaces.free) }
        let at = find(slot, place)
        if unsafe row[at] == FailedPlaces.free { count += 1 }
        unsafe row[at] = pair(slot, place)
    }

    private func pair(_ slot: InputIndex, _ place: OutputIndex) -> UInt64 {
        UInt64(slot.rawValue) << 32 | UInt64(place.rawValue)
    }

    /// Where a pair is, or would be.
    private func find(_ slot: InputIndex, _ place: OutputIndex) -> Slot {
        let row = storage.buffer(as: Slot.self)
        let pair = pair(slot, place)
        var at = Int(truncatingIfNeeded: (pair &* 0x9e37_79b9_7f4a_7c15) >> 52)
        while unsafe row[Slot(at)] != FailedPlaces.free && row[Slot(at)] != pair { at = (at + 1) % FailedPlaces.size }
        return Slot(at)
    }
}
