using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc;

namespace ScalableBackend.Api;

internal static partial class ProblemDetailsExtensions
{
    /// <summary>Says what is wrong with a request in terms of its JSON and parameters; the framework does so in terms of C#.</summary>
    public static void UseContractNames(this ProblemDetails problem, Exception? exception)
    {
        if (problem is HttpValidationProblemDetails validation)
        {
            validation.Errors = validation.Errors.ToDictionary(error => ToJsonName(error.Key), error => Translate(error.Value, error.Key));
        }
        else if (exception is BadHttpRequestException && BindingFailure().Match(exception.Message) is { Success: true } failure)
        {
            var path = failure.Groups["body"].Success ? (exception.InnerException as JsonException)?.Path ?? "$" : failure.Groups["parameter"].Value;
            problem.Extensions["errors"] = new Dictionary<string, string[]>
            {
                [path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path] = ["The value is missing, malformed or of the wrong type."],
            };
        }
        else
        {
            problem.Detail ??= (exception as BadHttpRequestException)?.Message;
        }
    }

    private static string[] Translate(string[] messages, string path)
    {
        var member = path.Split('.')[^1].Split('[')[0];
        // Empty for a body as a whole.
        return member.Length == 0 ? messages : Array.ConvertAll(messages, message => message.Replace(member, ToJsonName(member), StringComparison.Ordinal));
    }

    private static string ToJsonName(string path) => string.Join('.', path.Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName));

    // The framework tells these failures, and the parameter, by its message only.
    [GeneratedRegex("^(?:Failed to (?:bind|read)|Required|Implicit body inferred for) parameter \"(?:[^\"]* )?(?<parameter>\\w+)\"(?<body> from the request body| was not provided from body| but no body)?")]
    private static partial Regex BindingFailure();
}
