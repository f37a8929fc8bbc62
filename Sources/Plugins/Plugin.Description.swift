import Patching

extension Plugin {
    /// What a plug-in says of itself, for those who must not load it.
    public struct Description: Hashable, Sendable, Codable {
        /// The file, as an absolute path without links.
        public private(set) var path: String
        /// What the patcher is called on the command line and in buckets.
        public let name: String
        /// The same where the user chose it, or `nil` where the plug-in did.
        public let givenName: String?
        private let capabilityBits: UInt32
        /// The release of the kernel whose functions it is made of, as that names it, or `nil`.
        public let release: String?
        /// What is known of that kernel, or `nil`.
        public let kernel: KernelFunctions?

        /// What it says it can do.
        public var capabilities: PatcherCapabilities { PatcherCapabilities(rawValue: capabilityBits) }

        /// The same of the same plug-in at another path.
        public func moved(to path: String) -> Description {
            var moved = self
            moved.path = path
            return moved
        }

        fileprivate init(_ plugin: Plugin) {
            path = plugin.path
            name = plugin.name
            givenName = plugin.givenName
            capabilityBits = plugin.capabilities.rawValue
            release = plugin.release
            kernel = plugin.kernel
        }
    }

    /// What it says of itself.
    public var description: Description { Description(self) }
}
