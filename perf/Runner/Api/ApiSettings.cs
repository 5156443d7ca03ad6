using ScalableTemplates.Tests.EndToEnd;

namespace Runner.Api;

/// <summary>Settings of the generated API for one client that represents many: rate limiting runs but never rejects.</summary>
internal static class ApiSettings
{
    public static Dictionary<string, string> Create()
    {
        var settings = new Dictionary<string, string>
        {
            ["RateLimiting__Plans__standard__RequestsPerMinute"] = "60000000",
            ["RateLimiting__Plans__standard__Burst"] = "1000000",
            ["LoadShedding__MaxSharePerClient"] = "1",
        };
        Token.Configure(settings);
        return settings;
    }
}
