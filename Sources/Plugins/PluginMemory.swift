public enum PluginMemory {
    public enum Place { case input, guardWritten, guardRead }
    public static func classify(address: UInt, isWrite: Bool) -> Place? { nil }
}
