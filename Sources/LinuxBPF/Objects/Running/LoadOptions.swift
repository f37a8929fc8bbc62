/// The type, attach type and target of the programs of an object, in place of those that their sections name.
package struct LoadOptions: Hashable, Codable, Sendable {
    /// `prog_type`, or `nil` for that of the section.
    package var type: UInt32?
    /// `expected_attach_type`, or `nil` for that of the section.
    package var attachType: UInt32?
    /// The program to which `freplace` and tracing programs attach, or `nil`.
    package var target: TargetProgram?

    package init(type: UInt32? = nil, attachType: UInt32? = nil, target: TargetProgram? = nil) {
        self.type = type
        self.attachType = attachType
        self.target = target
    }
}

/// A BPF program to which others attach.
package enum TargetProgram: Hashable, Codable, Sendable {
    /// A program in the kernel, by id.
    case loaded(id: UInt32)
    /// A program of an object, which is loaded for this; the first one if it has no name.
    case inObject(path: String, name: String?)
}
