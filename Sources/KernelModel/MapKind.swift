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
    /// `BPF_MAP_TYPE_QUEUE`, without keys.
    case queue = 16
    /// `BPF_MAP_TYPE_STACK`, without keys.
    case stack = 17
    /// `BPF_MAP_TYPE_SK_STORAGE`
    case socketStorage = 18
    /// `BPF_MAP_TYPE_TASK_STORAGE`
    case taskStorage = 19
    /// `BPF_MAP_TYPE_CGRP_STORAGE`
    case cgroupStorage = 20
    /// An array of one entry, whose value has a `struct bpf_spin_lock` at byte 0, a `struct bpf_list_head` of
    /// ``LocalStructure/listItem``s at byte 8 and a `struct bpf_rb_root` of ``LocalStructure/treeItem``s at byte 24.
    case collectionArray = 21
    /// An array of one entry, whose value starts with a `struct bpf_wq`.
    case workQueueArray = 22
}

extension MapKind {
    /// The number of entries that a map is made with; 0 for the storages, which have no limit.
    package var entries: Int {
        switch self {
        case .timerArray, .kptrArray, .percpuKptrArray, .singleArray, .collectionArray, .workQueueArray: 1
        case .socketStorage, .taskStorage, .cgroupStorage: 0
        default: 4
        }
    }

    /// The size of a value in an array, rounded up to 8; `nil` where the kind decides it otherwise.
    ///
    /// - Units: bytes
    package var elementSize: Int? {
        switch self {
        case .array, .singleArray, .timerArray, .kptrArray, .percpuKptrArray, .collectionArray, .workQueueArray: 64
        default: nil
        }
    }

    /// The kind of the maps in a map of maps; `nil` for other kinds.
    package var inner: MapKind? { self == .arrayOfMaps || self == .hashOfMaps ? .array : nil }
}
