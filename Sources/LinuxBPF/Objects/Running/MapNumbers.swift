import CLibbpf

/// The numbers of an object's maps, by descriptor before a load and by id after it.
struct MapNumbers {
    private var descriptors: [Int32: Int32] = [:]
    private var ids: [Int32: Int32] = [:]

    /// Asks the kernel about each map of an object that is loaded.
    init(of object: OpaquePointer) {
        var map = unsafe bpf_object__next_map(object, nil)
        var number: Int32 = 0
        while let current = unsafe map {
            let descriptor = unsafe bpf_map__fd(current)
            var info = bpf_map_info()
            var length = UInt32(MemoryLayout<bpf_map_info>.size)
            if unsafe descriptor >= 0 && bpf_obj_get_info_by_fd(descriptor, &info, &length) == 0 {
                descriptors[descriptor] = number
                ids[Int32(bitPattern: info.id)] = number
            }
            number += 1
            unsafe map = bpf_object__next_map(object, current)
        }
    }

    /// The number of the map with a descriptor; -1 where the object has none.
    func number(ofDescriptor descriptor: Int32) -> Int32 { descriptors[descriptor] ?? -1 }
    /// The number of the map with an id; -2 where the object has none, so that this is never taken for right.
    func number(ofID id: Int32) -> Int32 { ids[id] ?? -2 }
}
