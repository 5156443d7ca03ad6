"""Stand-in for Mailpit: an SMTP server on port 1025, and a web page with the received mails and probes on port 8025."""
import email
import email.policy
import html
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller

mails = []


class Inbox:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = mail.get_body(("plain", "html"))
        mails.append((mail["from"], ", ".join(envelope.rcpt_tos), mail["subject"], body.get_content() if body else ""))
        return "250 OK"


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        rows = "".join("<p>" + html.escape(" | ".join(map(str, mail))) + "</p>" for mail in mails)
        text = "ok" if self.path in ("/livez", "/readyz") else f"<h1>Mails</h1>{rows}"
        content = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


Controller(Inbox(), hostname="0.0.0.0", port=1025).start()
ThreadingHTTPServer(("0.0.0.0", 8025), Page).serve_forever()
