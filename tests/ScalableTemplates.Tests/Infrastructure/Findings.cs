namespace ScalableTemplates.Tests.Infrastructure;

internal static class Findings
{
    private const int Shown = 30;

    /// <summary>Fails with the complete findings, whereas the message of xunit truncates the list and its lines.</summary>
    public static void AssertNone(IEnumerable<string?> findings)
    {
        var list = findings.Distinct().ToList();
        if (list.Count > 0)
        {
            var more = list.Count > Shown ? [$"... and {list.Count - Shown} more"] : Array.Empty<string>();
            Assert.Fail(string.Join(Environment.NewLine, [$"{list.Count} found:", .. list.Take(Shown), .. more]));
        }
    }
}
