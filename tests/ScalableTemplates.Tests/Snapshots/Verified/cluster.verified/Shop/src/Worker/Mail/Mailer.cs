using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;
using Polly;
using Polly.Registry;

namespace Shop.Worker.Mail;

internal sealed class Mailer(IOptions<MailOptions> options, ResiliencePipelineProvider<string> pipelines)
{
    private readonly MailOptions _options = options.Value;
    private readonly ResiliencePipeline _pipeline = pipelines.GetPipeline(MailExtensions.Pipeline);

    /// <param name="id">Identifies the mail in its Message-ID header, so that duplicates from a retried handler can be recognized.</param>
    public async Task SendAsync(string id, string to, string subject, string text, CancellationToken cancellationToken)
    {
        var from = MailboxAddress.Parse(_options.From);
        using var mail = new MimeMessage([from], [MailboxAddress.Parse(to)], subject, new TextPart { Text = text });
        mail.MessageId = $"{id}@{from.Domain}";
        await (_options.Server is { } server
            ? _pipeline.ExecuteAsync(async timeout => await SendAsync(mail, server, timeout), cancellationToken).AsTask()
            : WriteAsync(mail, Path.Combine(_options.PickupDirectory!, $"{id}.eml"), cancellationToken));
    }

    private static async Task SendAsync(MimeMessage mail, Uri server, CancellationToken cancellationToken)
    {
        using var smtp = new SmtpClient();
        await smtp.ConnectAsync(server.Host, server.Port, SecureSocketOptions.StartTlsWhenAvailable, cancellationToken);
        try
        {
            if (server.UserInfo.Split(':', 2) is [var user, var password])
            {
                await smtp.AuthenticateAsync(Uri.UnescapeDataString(user), Uri.UnescapeDataString(password), cancellationToken);
            }

            await smtp.SendAsync(mail, cancellationToken);
        }
        catch (Exception exception) when (exception is SmtpCommandException or AuthenticationException)
        {
            // Omits the text of the server's response, which may quote an address: neither logs nor dead letters may contain addresses.
            var status = (exception as SmtpCommandException)?.StatusCode ?? SmtpStatusCode.AuthenticationInvalidCredentials;
            throw new SmtpCommandException(SmtpErrorCode.UnexpectedStatusCode, status, $"The mail server responded with status {(int)status}.");
        }

        await smtp.DisconnectAsync(quit: true, cancellationToken);
    }

    // Writes to a temporary file and renames it, so that the directory never contains a partial mail.
    private static async Task WriteAsync(MimeMessage mail, string path, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await mail.WriteToAsync(path + ".tmp", cancellationToken);
        File.Move(path + ".tmp", path, overwrite: true);
    }
}
