import Glibc

/// All memory that is handed to plug-ins, as a handler of SIGSEGV can ask about it.
public enum PluginMemory {
    /// The arrays of a pass and of its result.
    public enum Part: Int, Sendable, CaseIterable, BitwiseCopyable {
        case insns, aux, subprograms, lines, image, edits, patches, refs

        static var count: Int { 8 }

        /// What it is called in buckets and reports.
        public var name: StaticString {
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

    /// What an access did that the memory of a plug-in stopped.
    public enum Offence: Int, Sendable, BitwiseCopyable {
        /// It wrote into the program or the edits.
        case inputWritten
        /// It wrote beyond an array.
        case wildWrite
        /// It read beyond an array.
        case readPastEnd
    }

    /// A stopped access and the array that it was next to.
    public struct Fault: Sendable, BitwiseCopyable {
        public var offence: Offence
        public var part: Part
        /// Whether the array is one of the result.
        public var isOutput: Bool
        /// How far behind the end of the array the address is; negative in front of it.
        ///
        /// - Units: bytes
        public var distance: Int
    }

    /// One array and the pages around it.
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

    /// Says what an access did that raised SIGSEGV; `nil` when the address is none of a plug-in's memory.
    ///
    /// Safe in a signal handler: it allocates nothing and takes no lock.
    ///
    /// - Complexity: O(plug-ins)
    public static func classify(address: UInt, isWrite: Bool) -> Fault? {
        guard let regions = unsafe registry else { return nil }
        var number = 0
        while unsafe number < registryCount {
            let region = unsafe regions[number]
            number += 1
            if address < region.guardStart || address >= region.guardEnd { continue }
            let isInside = address >= region.start && address < region.end
            let offence: Offence = !isWrite ? .readPastEnd : isInside ? .inputWritten : .wildWrite
            return Fault(
                offence: offence, part: region.part, isOutput: !region.isReadOnly,
                distance: Int(bitPattern: address &- region.end))
        }
        return nil
    }

    /// Notes the arrays of an area; what is more than there is room for is not classified.
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

    /// Forgets the arrays of an area.
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

    /// How often this process has come out of a fork: memory that a plug-in shares with its harness must not be shared
    /// with another process as well.
    static let forks = ForkCount()

    /// A number that each fork raises in the child.
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

    /// A lock of the C library.
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

// Written under the lock, and read without it where no lock may be taken. None needs code to be initialised.
nonisolated(unsafe) private var registry: UnsafeMutablePointer<PluginMemory.Region>?
nonisolated(unsafe) private var registryCount = 0
nonisolated(unsafe) private var lastRegistration = 0
nonisolated(unsafe) private var forkCount: UnsafeMutablePointer<Int>?
