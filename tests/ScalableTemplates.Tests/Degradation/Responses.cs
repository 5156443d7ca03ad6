using System.Globalization;
using System.Net;

namespace ScalableTemplates.Tests.Degradation;

/// <param name="Status">Null if there was no response.</param>
/// <param name="RetryAfter">Null if the response has no such header.</param>
internal sealed record TimedResponse(string Request, HttpStatusCode? Status, string Body, TimeSpan? RetryAfter, TimeSpan Took)
{
    public override string ToString() => $"{Request} {(int?)Status ?? 0}";
}

/// <summary>The responses to one concurrent request of each kind.</summary>
/// <param name="Order">The order that was placed; null if it was not accepted.</param>
internal sealed record Responses(IReadOnlyList<TimedResponse> All, string IdempotencyKey, Guid? Order)
{
    public TimeSpan Slowest => All.Max(response => response.Took);

    public string Times => string.Join(", ", All.Select(response => string.Create(CultureInfo.InvariantCulture, $"{response.Request} {response.Took.TotalSeconds:0.0} s")));

    /// <summary>The bodies of failed responses.</summary>
    public string Errors => string.Join('\n', All.Where(response => (int?)response.Status is not < 400).Select(response => $"{response}: {response.Body}"));

    public override string ToString() => string.Join(", ", All);
}
