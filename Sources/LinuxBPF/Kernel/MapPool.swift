import BPF
import CLibbpf
import Glibc
import KernelModel

/// The maps of ``MapKind``. Each is made when a program first needs it, and closed with the pool.
struct MapPool: ~Copyable {
    /// The descriptor of each kind at its number, as in `fd_array`; -1 if the map is not made yet.
    ///
    /// The kernel reads only the entries that a program names.
    private let storage: Scratch<Int32>
    /// A bit for each kind whose map is made.
    private(set) var made: UInt64 = 0
    /// The kernel's ids of the maps.
    private(set) var identifiers: [UInt32: MapKind] = [:]

    init() {
        storage = Scratch(capacity: MapKind.allCases.count)
        unsafe descriptors.fill(MapKind.allCases.count, from: Slot(0), with: -1)
    }

    deinit { for kind in MapKind.allCases where descriptor(kind) >= 0 { close(descriptor(kind)) } }

    var descriptors: UnsafeTypedBuffer<Slot, Int32> { storage.buffer() }

    /// The descriptor of a kind's map, -1 without one.
    private func descriptor(_ kind: MapKind) -> Int32 { unsafe descriptors[Slot(Int(kind.rawValue))] }

    /// Makes the map of a kind, unless it exists.
    ///
    /// - Throws: ``KernelError`` if the kernel refuses it
    mutating func prepare(_ kind: MapKind, _ types: borrowing ProgramTypes) throws(KernelError) {
        if descriptor(kind) >= 0 { return }
        switch kind {
        case .arrayOfMaps, .hashOfMaps: try prepare(.array, types)
        default: break
        }
        let descriptor = make(kind, types)
        if descriptor < 0 { throw KernelError(.map, code: abs(descriptor), "kind \(kind)") }
        var info = bpf_map_info()
        var size = UInt32(MemoryLayout<bpf_map_info>.size)
        if unsafe bpf_obj_get_info_by_fd(descriptor, &info, &size) == 0 { identifiers[info.id] = kind }
        unsafe descriptors[Slot(Int(kind.rawValue))] = descriptor
        made |= 1 << UInt64(kind.rawValue)
    }

    /// Closes the maps whose values have types of a BTF that is replaced; they are made again when needed.
    mutating func forgetTyped(_ types: borrowing ProgramTypes) {
        for kind in MapKind.allCases where types.ids.values[kind] != nil {
            if descriptor(kind) < 0 { continue }
            close(descriptor(kind))
            unsafe descriptors[Slot(Int(kind.rawValue))] = -1
            made &= ~(1 << UInt64(kind.rawValue))
            if let id = identifiers.first(where: { $0.value == kind })?.key { identifiers[id] = nil }
        }
    }

    /// Makes one map; returns its descriptor or a negative `errno`.
    private func make(_ kind: MapKind, _ types: borrowing ProgramTypes) -> Int32 {
        var options = bpf_map_create_opts()
        options.sz = MemoryLayout<bpf_map_create_opts>.size
        var type = BPF_MAP_TYPE_ARRAY
        var keySize: UInt32 = 4
        var valueSize: UInt32 = 64
        switch kind {
        case .array, .timerArray, .kptrArray, .percpuKptrArray, .collectionArray, .workQueueArray, .singleArray: break
        case .hash: type = BPF_MAP_TYPE_HASH
        case .lruHash: type = BPF_MAP_TYPE_LRU_HASH
        case .percpuArray: type = BPF_MAP_TYPE_PERCPU_ARRAY
        case .percpuHash: type = BPF_MAP_TYPE_PERCPU_HASH
        case .lruPercpuHash: type = BPF_MAP_TYPE_LRU_PERCPU_HASH
        case .arrayOfMaps: (type, valueSize) = (BPF_MAP_TYPE_ARRAY_OF_MAPS, 4)
        case .hashOfMaps: (type, valueSize) = (BPF_MAP_TYPE_HASH_OF_MAPS, 4)
        case .progArray: (type, valueSize) = (BPF_MAP_TYPE_PROG_ARRAY, 4)
        case .queue: (type, keySize) = (BPF_MAP_TYPE_QUEUE, 0)
        case .stack: (type, keySize) = (BPF_MAP_TYPE_STACK, 0)
        case .socketStorage: type = BPF_MAP_TYPE_SK_STORAGE
        case .taskStorage: type = BPF_MAP_TYPE_TASK_STORAGE
        // In kernels since 6.2; the headers of libbpf may be older.
        case .cgroupStorage: type = bpf_map_type(rawValue: 32)
        case .sockMap: (type, valueSize) = (BPF_MAP_TYPE_SOCKMAP, 4)
        case .devMap: (type, valueSize) = (BPF_MAP_TYPE_DEVMAP, 4)
        case .perfEventArray: (type, valueSize) = (BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4)
        }
        switch kind {
        case .arrayOfMaps, .hashOfMaps: options.inner_map_fd = kind.inner.map { UInt32(descriptor($0)) } ?? 0
        case .socketStorage, .taskStorage, .cgroupStorage: options.map_flags = UInt32(BPF_F_NO_PREALLOC)
        default: break
        }
        if let value = types.ids.values[kind] {
            options.btf_fd = UInt32(types.descriptor)
            options.btf_key_type_id = types.ids.key
            options.btf_value_type_id = value
        }
        return unsafe bpf_map_create(type, "k\(kind.rawValue)", keySize, valueSize, UInt32(kind.entries), &options)
    }
}
