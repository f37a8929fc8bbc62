import Foundation

extension Error {
    /// Why the system refused something, in its own few words, as everywhere else in errors.
    var reason: String {
        var error = self as any Error
        while let deeper = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error { error = deeper }
        let number = error as NSError
        guard number.domain == NSPOSIXErrorDomain else { return localizedDescription }
        return unsafe String(cString: strerror(Int32(number.code)))
    }
}
