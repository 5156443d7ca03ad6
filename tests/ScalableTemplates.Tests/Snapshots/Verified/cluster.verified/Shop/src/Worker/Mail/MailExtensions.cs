using MailKit;
using MailKit.Net.Smtp;
using Shop.ServiceDefaults;

namespace Shop.Worker.Mail;

internal sealed class MailOptions
{
    public string From { get; init; } = "shop@example.com";

    /// <summary>The SMTP server, such as <c>smtp://user:password@mail.example.com:587</c>.</summary>
    public Uri? Server { get; init; }

    /// <summary>The directory to which mails are written as .eml files if there is no server.</summary>
    public string? PickupDirectory { get; init; }
}

internal static class MailExtensions
{
    public const string Pipeline = "mail";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    /// <summary>Registers the mailer. While the mail server is down, orders stay paid and sending the mail is retried.</summary>
    public static void AddMail(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<MailOptions>()
            .BindConfiguration("Mail")
            .Validate(
                options => options.Server is not null || !string.IsNullOrEmpty(options.PickupDirectory),
                "Mail:Server is missing. Set the environment variable Mail__Server to smtp://host:port, or Mail__PickupDirectory to a directory for .eml files.")
            .ValidateOnStart();
        builder.AddTimeoutAndCircuitBreaker(Pipeline, Timeout, isExpectedError: exception => exception is SmtpCommandException);
        builder.Services.AddSingleton<Mailer>();
        Telemetry.SmtpClient.Configure();
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource(Telemetry.SmtpClient.ActivitySourceName));
    }
}
