using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc;

namespace Shop.Api;

internal static partial class ProblemDetailsExtensions
{
    /// <summary>Names invalid input by its JSON path or parameter; the framework uses the names of C# members.</summary>
    public static void UseContractNames(this ProblemDetails problem, Exception? exception)
    {
        if (problem is HttpValidationProblemDetails validation)
        {
            validation.Errors = validation.Errors.ToDictionary(error => ToJsonName(error.Key), error => UseJsonName(error.Value, error.Key));
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

    private static string[] UseJsonName(string[] messages, string path)
    {
        var member = path.Split('.')[^1].Split('[')[0];
        // Empty if the error applies to the body as a whole.
        return member.Length == 0 ? messages : Array.ConvertAll(messages, message => message.Replace(member, ToJsonName(member), StringComparison.Ordinal));
    }

    private static string ToJsonName(string path) => string.Join('.', path.Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName));

    // The framework reports the kind of failure and the parameter only in the message.
    [GeneratedRegex("^(?:Failed to (?:bind|read)|Required|Implicit body inferred for) parameter \"(?:[^\"]* )?(?<parameter>\\w+)\"(?<body> from the request body| was not provided from body| but no body)?")]
    private static partial Regex BindingFailure();
}
