using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;
using Polly;
using Polly.Registry;

namespace ScalableBackend.Worker.Mail;

internal sealed class Mailer(IOptions<MailOptions> options, ResiliencePipelineProvider<string> pipelines)
{
    private readonly MailOptions _options = options.Value;
    private readonly ResiliencePipeline _pipeline = pipelines.GetPipeline(MailExtensions.Pipeline);

    /// <param name="id">The same for the same mail: a copy that a repeated job sends can be told by it.</param>
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
            // Without the server's own words, which may quote an address: no log and no dead letter is to hold one.
            var status = (exception as SmtpCommandException)?.StatusCode ?? SmtpStatusCode.AuthenticationInvalidCredentials;
            throw new SmtpCommandException(SmtpErrorCode.UnexpectedStatusCode, status, $"The mail server answered {(int)status}.");
        }

        await smtp.DisconnectAsync(quit: true, cancellationToken);
    }

    // Written aside and moved, so that the folder never shows half a mail.
    private static async Task WriteAsync(MimeMessage mail, string file, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await mail.WriteToAsync(file + ".tmp", cancellationToken);
        File.Move(file + ".tmp", file, overwrite: true);
    }
}
