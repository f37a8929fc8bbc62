import BPF
import CLibbpf
import Glibc
import KernelModel

/// The maps of ``MapKind``, each made when a program first needs it and closed with the pool.
struct MapPool: ~Copyable {
    /// A descriptor for each kind at its number, as `fd_array` wants it; -1 where no map was made yet.
    ///
    /// The kernel looks only at the entries that a program names, so that the others may be anything.
    private let storage: Scratch<Int32>
    /// A bit for each kind whose map is there.
    private(set) var made: UInt64 = 0
    /// The ids that the kernel names the maps by.
    private(set) var identifiers: [UInt32: MapKind] = [:]

    init() {
        storage = Scratch(capacity: MapKind.allCases.count)
        unsafe descriptors.fill(MapKind.allCases.count, from: Slot(0), with: -1)
    }

    deinit { for kind in MapKind.allCases where descriptor(kind) >= 0 { close(descriptor(kind)) } }

    var descriptors: UnsafeTypedBuffer<Slot, Int32> { storage.buffer() }

    /// The descriptor of a kind's map, -1 without one.
    private func descriptor(_ kind: MapKind) -> Int32 { unsafe descriptors[Slot(Int(kind.rawValue))] }

    /// Makes the map of a kind unless it is there.
    ///
    /// - Throws: ``KernelError`` when the kernel will not make it
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

    /// Closes the maps whose values have types of BTF that is about to go; they are made again when needed.
    mutating func forgetTyped() {
        for kind in [MapKind.timerArray, .kptrArray, .percpuKptrArray] {
            if descriptor(kind) < 0 { continue }
            close(descriptor(kind))
            unsafe descriptors[Slot(Int(kind.rawValue))] = -1
            made &= ~(1 << UInt64(kind.rawValue))
            if let id = identifiers.first(where: { $0.value == kind })?.key { identifiers[id] = nil }
        }
    }

    /// Makes one map; gives its descriptor or a negative `errno`.
    private func make(_ kind: MapKind, _ types: borrowing ProgramTypes) -> Int32 {
        var options = bpf_map_create_opts()
        options.sz = MemoryLayout<bpf_map_create_opts>.size
        var type = BPF_MAP_TYPE_ARRAY
        var valueSize: UInt32 = 64
        var entries: UInt32 = 4
        var value: UInt32 = 0
        switch kind {
        case .array: break
        case .hash: type = BPF_MAP_TYPE_HASH
        case .lruHash: type = BPF_MAP_TYPE_LRU_HASH
        case .percpuArray: type = BPF_MAP_TYPE_PERCPU_ARRAY
        case .percpuHash: type = BPF_MAP_TYPE_PERCPU_HASH
        case .lruPercpuHash: type = BPF_MAP_TYPE_LRU_PERCPU_HASH
        case .arrayOfMaps: (type, valueSize) = (BPF_MAP_TYPE_ARRAY_OF_MAPS, 4)
        case .hashOfMaps: (type, valueSize) = (BPF_MAP_TYPE_HASH_OF_MAPS, 4)
        case .progArray: (type, valueSize) = (BPF_MAP_TYPE_PROG_ARRAY, 4)
        case .timerArray: (value, entries) = (types.timerValue, 1)
        case .kptrArray: (value, entries) = (types.kptrValue, 1)
        case .percpuKptrArray: (value, entries) = (types.percpuKptrValue, 1)
        case .singleArray: entries = 1
        case .sockMap: (type, valueSize) = (BPF_MAP_TYPE_SOCKMAP, 4)
        case .devMap: (type, valueSize) = (BPF_MAP_TYPE_DEVMAP, 4)
        case .perfEventArray: (type, valueSize) = (BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4)
        }
        switch kind {
        case .arrayOfMaps, .hashOfMaps: options.inner_map_fd = UInt32(descriptor(.array))
        default: break
        }
        if value != 0 {
            options.btf_fd = UInt32(types.descriptor)
            options.btf_key_type_id = types.key
            options.btf_value_type_id = value
        }
        return unsafe bpf_map_create(type, "k\(kind.rawValue)", 4, valueSize, entries, &options)
    }
}
