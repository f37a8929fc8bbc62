import Glibc

/// A registry of all memory that plug-ins may access, for the SIGSEGV handler.
package enum PluginMemory {
    /// The arrays of a pass and of its result.
    package enum Part: Int, Sendable, CaseIterable, BitwiseCopyable {
        case insns, aux, subprograms, lines, image, edits, patches, refs

        static var count: Int { 8 }

        /// The name in buckets and reports.
        package var name: StaticString {
            switch self {
            case .insns: "insns"
            case .aux: "aux"
            case .subprograms: "subprogs"
            case .lines: "lines"
            case .image: "image"
            case .edits: "edits"
            case .patches: "patch"
            case .refs: "refs"
            }
        }
    }

    /// The kind of an access that faulted.
    package enum Violation: Int, Sendable, BitwiseCopyable {
        /// A write into the program or the edits.
        case inputWritten
        /// A write outside of an array.
        case wildWrite
        /// A read outside of an array.
        case readPastEnd
    }

    /// A faulting access and the nearest array.
    package struct Fault: Sendable, BitwiseCopyable {
        package var violation: Violation
        package var part: Part
        /// True if the array belongs to the result.
        package var isOutput: Bool
        /// The offset of the address from the end of the array; negative before the end.
        ///
        /// - Units: bytes
        package var distance: Int
    }

    /// One array and its guard pages.
    struct Region: BitwiseCopyable {
        var guardStart: UInt
        var start: UInt
        var end: UInt
        var guardEnd: UInt
        var part: Part
        var isReadOnly: Bool
        var registration = 0

        init(start: UInt, end: UInt, guardEnd: UInt, part: Part, isReadOnly: Bool) {
            guardStart = start
            self.start = start
            self.end = end
            self.guardEnd = guardEnd
            self.part = part
            self.isReadOnly = isReadOnly
        }
    }

    private static let capacity = 1024
    private static let lock = Lock()

    /// Classifies an access that raised SIGSEGV; `nil` if the address is outside of all plug-in memory.
    ///
    /// Async-signal-safe: it allocates nothing and takes no lock.
    ///
    /// - Complexity: O(plug-ins)
    package static func classify(address: UInt, isWrite: Bool) -> Fault? {
        guard let regions = unsafe registry else { return nil }
        var number = 0
        while unsafe number < registryCount {
            let region = unsafe regions[number]
            number += 1
            if address < region.guardStart || address >= region.guardEnd { continue }
            let isInside = address >= region.start && address < region.end
            let violation: Violation = !isWrite ? .readPastEnd : isInside ? .inputWritten : .wildWrite
            return Fault(
                violation: violation, part: region.part, isOutput: !region.isReadOnly,
                distance: Int(bitPattern: address &- region.end))
        }
        return nil
    }

    /// Adds the arrays of a buffer. Arrays above the capacity of the registry are not classified.
    static func register(_ regions: [Region]) -> Int {
        lock.hold {
            if unsafe registry == nil {
                unsafe registry = UnsafeMutablePointer<Region>.allocate(capacity: capacity)
            }
            unsafe lastRegistration += 1
            let number = unsafe lastRegistration
            for region in regions where unsafe registryCount < capacity {
                var region = region
                region.registration = number
                unsafe registry?[registryCount] = region
                unsafe registryCount += 1
            }
            return number
        }
    }

    /// Removes the arrays of a buffer.
    static func unregister(_ number: Int) {
        lock.hold {
            guard let regions = unsafe registry else { return }
            var kept = 0
            for row in unsafe 0..<registryCount {
                let region = unsafe regions[row]
                if region.registration == number { continue }
                unsafe regions[kept] = region
                kept += 1
            }
            unsafe registryCount = kept
        }
    }

    /// The number of forks between the first process and this one.
    ///
    /// The input buffer is a shared mapping. After a fork, the child must not share it with its parent.
    static let forks = ForkCount()

    /// A counter that each fork increments in the child.
    @safe
    final class ForkCount: @unchecked Sendable {
        let address: UnsafeMutablePointer<Int>

        fileprivate init() {
            unsafe address = UnsafeMutablePointer<Int>.allocate(capacity: 1)
            unsafe address.initialize(to: 0)
            unsafe forkCount = address
            pthread_atfork(nil, nil) { unsafe forkCount?.pointee += 1 }
        }
    }

    @safe
    private final class Lock: @unchecked Sendable {
        private let mutex: UnsafeMutablePointer<pthread_mutex_t>

        init() {
            unsafe mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
            unsafe mutex.initialize(to: pthread_mutex_t())
            unsafe pthread_mutex_init(mutex, nil)
        }

        func hold<Result>(_ body: () -> Result) -> Result {
            unsafe pthread_mutex_lock(mutex)
            defer { unsafe pthread_mutex_unlock(mutex) }
            return body()
        }
    }
}

// Written under the lock. The signal handler reads without it. Static initialization, so that no read runs code.
nonisolated(unsafe) private var registry: UnsafeMutablePointer<PluginMemory.Region>?
nonisolated(unsafe) private var registryCount = 0
nonisolated(unsafe) private var lastRegistration = 0
nonisolated(unsafe) private var forkCount: UnsafeMutablePointer<Int>?
