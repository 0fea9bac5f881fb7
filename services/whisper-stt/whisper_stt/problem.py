"""Errors as clients see them: RFC 9457 problem bodies that OpenAI clients can read too."""

from http import HTTPStatus

from starlette.responses import JSONResponse


class Problem(Exception):
    """A refused request. `detail` is a sentence for a person; `code` is stable for programs."""

    def __init__(self, status: int, code: str, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s

    def response(self) -> JSONResponse:
        """Body `{type, title, status, detail, code, retryable, error}`; `error` is OpenAI's own shape."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        body = {
            "type": f"urn:eloquence:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "retryable": self.status in (429, 500, 503),
            "error": {"message": self.detail, "type": kind, "param": None, "code": self.code},
        }
        headers = {"Retry-After": str(self.retry_after_s)} if self.retry_after_s else {}
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(body, self.status, headers, media_type="application/problem+json")
