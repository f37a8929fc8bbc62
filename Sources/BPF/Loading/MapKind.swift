/// The maps that programs made here may use; a process makes each of them once, when it is first needed.
///
/// Keys are 4 bytes, values 64, with room for 4 entries, where a line says nothing else.
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
    /// An array with room for one entry, whose value starts with `struct bpf_timer`.
    case timerArray = 9
    /// An array with room for one entry, whose value starts with a kptr to a structure of the program's own BTF, behind 8 bytes.
    case kptrArray = 10
    /// An array with room for one entry, whose value starts with a per-cpu kptr to a structure of the program's own BTF, behind 8 bytes.
    case percpuKptrArray = 11
    /// An array with room for one entry: the only map here whose value can be addressed directly.
    ///
    /// - Source: `kernel/bpf/arraymap.c`, `array_map_direct_value_addr`
    case singleArray = 12
    case sockMap = 13
    case devMap = 14
    case perfEventArray = 15
}
