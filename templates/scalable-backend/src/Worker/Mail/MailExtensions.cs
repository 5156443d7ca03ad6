using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ScalableBackend.Worker.Mail;

internal sealed class MailOptions : IValidatableObject
{
    [Required]
    public string From { get; init; } = "shop@example.com";

    /// <summary>Such as <c>smtp://user:password@mail.example.com:587</c>.</summary>
    public Uri? Server { get; init; }

    /// <summary>Where mails are written as .eml files if there is no server.</summary>
    public string? PickupFolder { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Server is null && string.IsNullOrEmpty(PickupFolder))
        {
            yield return new ValidationResult(
                "Mail:Server is missing. Set it to smtp://host:port (environment variable Mail__Server), or Mail:PickupFolder to a folder for .eml files.");
        }
    }
}

internal static class MailExtensions
{
    /// <summary>While the mail server is down, orders stay paid and the mail is tried again.</summary>
    public static void AddMail(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<MailOptions>().BindConfiguration("Mail").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<Mailer>();
    }
}
