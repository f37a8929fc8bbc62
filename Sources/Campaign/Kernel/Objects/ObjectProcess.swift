import Foundation
import LinuxBPF

/// Loads objects into the running kernel, each in a child process.
///
/// libbpf may crash, close descriptors of its process or hang on an object; all others are loaded nevertheless.
struct ObjectProcess {
    /// The time limit for opening an object, and for each of its programs.
    ///
    /// - Units: seconds
    private let patience: Double
    private let options: LoadOptions
    private let host: any HostProgram

    init(_ options: LoadOptions, host: any HostProgram, patience: Double = 120) {
        self.patience = patience
        self.options = options
        self.host = host
    }

    /// A message of the child.
    private enum Message: Codable {
        case event(ObjectLoad.Event)
        case refused(ObjectError)
        case done
    }

    /// Loads the programs of one object.
    ///
    /// - Returns: the reason why the object, or the rest of it, was not loaded, or `nil`
    /// - Throws: ``CampaignError`` if the process cannot be started
    func load(_ path: String, _ emit: (ObjectLoad.Event) -> Void) throws(CampaignError) -> ObjectError? {
        let process = try WorkerProcess(host: host, .load(path: path, options), plugins: [])
        var reader = Reader()
        var waiting: [String] = []
        var end = Date() + patience
        while true {
            if Date() > end {
                process.kill()
                _ = process.waitUntilExit()
                let place = waiting.first.map { "program '\($0)'" } ?? "the object"
                return ObjectError(
                    object: path, .lost("loading \(place) takes more than \(ChildExit.seconds(patience))"))
            }
            // The descriptor becomes readable at the end of the process too.
            guard process.isReady(within: 0.5) else {
                if Interrupt.isRequested { throw CampaignError("interrupted") }
                continue
            }
            guard process.isReadable else {
                if process.hasEnded { break }
                continue
            }
            guard let bytes = process.readBytes(upTo: 1 << 20) else { break }
            for message in reader.read(bytes) {
                end = Date() + patience
                switch message {
                case .event(.object(let programs)): waiting = programs
                case .event(.program): waiting = Array(waiting.dropFirst())
                case .refused(let error):
                    _ = process.waitUntilExit()
                    return error
                case .done:
                    _ = process.waitUntilExit()
                    return nil
                }
                if case .event(let event) = message { emit(event) }
            }
        }
        let cause =
            switch process.waitUntilExit() {
            case .killed(let signal): "ends the process with \(ChildExit.name(ofSignal: signal).uppercased())"
            case .failed(let status): "ends the process with exit status \(status)"
            case .done: "ends the process"
            }
        let place = waiting.first.map { "loading program '\($0)'" } ?? "opening the object"
        return ObjectError(object: path, .lost("\(place) \(cause)"))
    }

    /// Splits the output of the child into messages.
    private struct Reader {
        private var rest: [UInt8] = []

        mutating func read(_ bytes: [UInt8]) -> [Message] {
            rest += bytes
            var messages: [Message] = []
            var start = 0
            while rest.count - start >= 8 {
                let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(rest[start + $1]) << UInt64($1 * 8) }
                guard length <= UInt64(rest.count - start - 8) else { break }
                let text = Data(rest[start + 8..<start + 8 + Int(length)])
                if let message = try? JSONDecoder().decode(Message.self, from: text) { messages.append(message) }
                start += 8 + Int(length)
            }
            rest.removeFirst(start)
            return messages
        }
    }

    // MARK: The child

    /// Loads the programs of an object and writes the results to standard output.
    ///
    /// - Throws: ``CampaignError`` if this process may not load programs
    static func answer(_ path: String, _ options: LoadOptions) throws(CampaignError) {
        let output = try WorkerOutput()
        func send(_ message: Message) {
            output.write(JudgeMessage.framed((try? JSONEncoder().encode(message)) ?? Data()))
        }
        let loader: ObjectLoader
        do throws(KernelError) { loader = try ObjectLoader() } catch { throw CampaignError(error.description) }
        do throws(ObjectError) {
            try loader.load(path, flags: ObjectSurvey.Way.allCases.map(\.flags), options: options) { send(.event($0)) }
            send(.done)
        } catch { send(.refused(error)) }
    }
}
