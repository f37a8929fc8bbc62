/// The maps that generated programs may use. A process creates each of them once, on first use.
///
/// Keys have 4 bytes, values 64, and a map has 4 entries, unless its line says otherwise.
public enum MapKind: Int32, Hashable, Sendable, CaseIterable {
    /// `BPF_MAP_TYPE_ARRAY`
    case array = 0
    case hash = 1
    case lruHash = 2
    case percpuArray = 3
    case percpuHash = 4
    case lruPercpuHash = 5
    /// `BPF_MAP_TYPE_ARRAY_OF_MAPS`, of ``array``s.
    case arrayOfMaps = 6
    /// `BPF_MAP_TYPE_HASH_OF_MAPS`, of ``array``s.
    case hashOfMaps = 7
    /// `BPF_MAP_TYPE_PROG_ARRAY`, empty.
    case progArray = 8
    /// An array of one entry, whose value starts with a `struct bpf_timer`.
    case timerArray = 9
    /// An array of one entry, with a kptr to ``LocalStructure/plain`` at byte 8 of the value.
    case kptrArray = 10
    /// An array of one entry, with a per-cpu kptr to ``LocalStructure/plain`` at byte 8 of the value.
    case percpuKptrArray = 11
    /// An array of one entry: the only one of these maps whose value a program can address directly.
    ///
    /// - Source: `kernel/bpf/arraymap.c`, `array_map_direct_value_addr`
    case singleArray = 12
    case sockMap = 13
    case devMap = 14
    case perfEventArray = 15
}
