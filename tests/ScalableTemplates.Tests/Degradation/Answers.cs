using System.Globalization;
using System.Net;

namespace ScalableTemplates.Tests.Degradation;

/// <param name="Status">Null if there was none.</param>
/// <param name="RetryAfter">Null if the answer does not say.</param>
internal sealed record Answer(string Request, HttpStatusCode? Status, string Body, TimeSpan? RetryAfter, TimeSpan Took)
{
    public override string ToString() => $"{Request} {(int?)Status ?? 0}";
}

/// <summary>What a caller was answered who asked for everything at the same moment.</summary>
/// <param name="Order">The order that was placed; null if it was not accepted.</param>
internal sealed record Answers(IReadOnlyList<Answer> All, string IdempotencyKey, Guid? Order)
{
    public TimeSpan Slowest => All.Max(answer => answer.Took);

    public string Times => string.Join(", ", All.Select(answer => string.Create(CultureInfo.InvariantCulture, $"{answer.Request} {answer.Took.TotalSeconds:0.0} s")));

    /// <summary>What those that failed were told.</summary>
    public string Errors => string.Join('\n', All.Where(answer => (int?)answer.Status is not < 400).Select(answer => $"{answer}: {answer.Body}"));

    public override string ToString() => string.Join(", ", All);
}
