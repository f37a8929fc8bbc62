import BPF
import CProcess
import Glibc
import SystemPackage
import UserFiles

/// Memory for several arrays, each of which ends at an inaccessible guard page.
///
/// The input of a plug-in is mapped twice: writable for the harness, read-only for the plug-in. So no page protection changes
/// from case to case.
@safe
struct GuardedBuffer: ~Copyable {
    /// One array, addressed from its end, which is the start of the guard page.
    @safe
    struct Part: BitwiseCopyable {
        /// The end in the mapping of the harness.
        fileprivate(set) var end: UnsafeMutableRawPointer
        /// The end in the mapping of the plug-in.
        fileprivate(set) var pluginEnd: UnsafeMutableRawPointer
        /// - Units: bytes
        fileprivate(set) var capacity: Int

        /// The last `count` elements, for the harness.
        @inline(__always)
        func buffer<Index: SlotIndex, Element: BitwiseCopyable>(
            _ count: Int, as _: Index.Type = Index.self, of _: Element.Type = Element.self
        ) -> UnsafeTypedBuffer<Index, Element> {
            unsafe UnsafeTypedBuffer(
                unsafeBase: (end - count &* MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self),
                capacity: count)
        }

        /// The address of the last `count` elements, for the plug-in.
        @unsafe @inline(__always)
        func address<Element>(_ count: Int, of _: Element.Type = Element.self) -> UnsafeMutablePointer<Element> {
            unsafe (pluginEnd - count &* MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self)
        }
    }

    /// The arrays, in the order of the names.
    let parts: Scratch<Part>
    private let mapping: UnsafeMutableRawPointer
    private let mappedBytes: Int
    private let copy: UnsafeMutableRawPointer?
    private let copiedBytes: Int
    private let registration: Int

    /// Maps the memory.
    ///
    /// - Parameters:
    ///   - capacities: the capacity of each array, in bytes
    ///   - isReadOnly: true if the plug-in may only read
    init(_ capacities: [PluginMemory.Part: Int], isReadOnly: Bool) {
        let page = Int(getpagesize())
        let names = capacities.keys.sorted { $0.rawValue < $1.rawValue }
        let sizes = names.map { (capacities[$0, default: 0] + page - 1) / page * page }
        let bytes = sizes.reduce(0, +)
        // One guard page precedes the first array, and one follows each.
        let total = bytes + page * (names.count + 1)
        unsafe mapping = Self.map(nil, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, nil, 0)
        var file: FileDescriptor?
        if isReadOnly {
            let memory = FileDescriptor(rawValue: process_open_memory())
            guard memory.rawValue >= 0, (try? memory.setSize(bytes)) != nil else {
                Self.fail("a memory file for a plug-in")
            }
            unsafe copy = Self.map(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0)
            file = memory
        } else {
            unsafe copy = nil
        }
        defer { file?.end() }
        mappedBytes = total
        copiedBytes = bytes
        parts = Scratch(capacity: PluginMemory.Part.count)
        let row = parts.buffer(as: TableIndex.self)
        var regions: [PluginMemory.Region] = []
        var (place, offset) = (page, 0)
        for (name, size) in zip(names, sizes) {
            let start = unsafe mapping + place
            if size > 0 {
                let (access, flags) =
                    isReadOnly
                    ? (PROT_READ, MAP_SHARED | MAP_FIXED)
                    : (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
                _ = unsafe Self.map(start, size, access, flags, file, offset)
            }
            let written = unsafe copy.map { unsafe $0 + offset + size }
            let end = unsafe written ?? start + size
            unsafe row[TableIndex(name.rawValue)] = Part(end: end, pluginEnd: start + size, capacity: size)
            let from = UInt(bitPattern: start)
            regions.append(
                PluginMemory.Region(
                    start: from, end: from + UInt(size), guardEnd: from + UInt(size + page), part: name,
                    isReadOnly: isReadOnly))
            place += size + page
            offset += size
        }
        // The leading guard page belongs to the first array.
        regions[0].guardStart -= UInt(page)
        registration = PluginMemory.register(regions)
    }

    deinit {
        PluginMemory.unregister(registration)
        unsafe munmap(mapping, mappedBytes)
        if let copy = unsafe copy { unsafe munmap(copy, copiedBytes) }
    }

    /// The array with a name.
    @inline(__always)
    subscript(part: PluginMemory.Part) -> Part { unsafe parts.buffer(as: TableIndex.self)[TableIndex(part.rawValue)] }

    private static func map(
        _ address: UnsafeMutableRawPointer?, _ bytes: Int, _ access: Int32, _ flags: Int32,
        _ file: FileDescriptor?, _ offset: Int
    ) -> UnsafeMutableRawPointer {
        let found = unsafe mmap(address, max(bytes, 1), access, flags, file?.rawValue ?? -1, offset)
        guard let found = unsafe found, unsafe found != MAP_FAILED else { fail("\(bytes) bytes for a plug-in") }
        return unsafe found
    }

    private static func fail(_ what: String) -> Never {
        fatalError("\(what) cannot be mapped: \(Errno.last.reason)")
    }
}
