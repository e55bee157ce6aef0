import HTTPTypes
import Hummingbird
import Markup
import NIOCore
import StrictJSON

/// The kinds of answers that the console gives.
extension Response {
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        bytes(value.canonicalBytes, type: "application/json", status: status)
    }

    static func problem(_ problem: Problem) -> Response {
        var response = bytes(problem.json.canonicalBytes, type: "application/problem+json", status: problem.status)
        for field in problem.headers { response.headers.append(field) }
        return response
    }

    static func page(_ page: HTML, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        var response = bytes(Array(page.text.utf8), type: "text/html; charset=utf-8", status: status)
        for field in headers { response.headers.append(field) }
        return response
    }

    /// After a form was taken: go on with a GET.
    static func seeOther(_ path: String, headers: HTTPFields = [:]) -> Response {
        var response = Response(status: .seeOther, headers: headers)
        response.headers[.location] = path
        return response
    }

    static func bytes(_ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
