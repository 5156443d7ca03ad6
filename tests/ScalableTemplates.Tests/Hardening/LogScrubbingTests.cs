using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Npgsql;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Logs contain no email addresses, tokens, passwords or keys, whatever fails.</summary>
[Collection("Hardening")]
public sealed class LogScrubbingTests(ServersFixture servers)
{
    private const string Known = "ada@example.com";
    private const string Unknown = "eve@example.com";
    private const string Login = "shop-login@example.com";
    private const string Password = "password-of-the-mail-server";
    private const string WrongPassword = "wrong-password-of-the-mail-server";

    private static readonly TemplateOptions Options = TemplateOptions.Services.With(Dimension.Orchestrator, "none");

    [SkippableFact]
    public async Task Failed_orders_leak_no_address_token_or_password_into_logs_or_dead_letters()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        using var mails = new RejectingMailServer(Password, Unknown);
        mails.Start();
        await using var backend = new Backend(await BuiltSolution.GetAsync(Options), await servers.GetConnectionStringsAsync());
        backend.Set("Messaging__RetryDelays__0", "00:00:01");
        backend.Set("Logging__LogLevel__Shop", "Debug");
        SetMailServer(Password);
        await backend.MigrateAsync();
        await backend.StartApiAsync();
        await backend.StartWorkerAsync();

        await backend.WaitForStatusAsync(await backend.PlaceOrderAsync("card", Known), "Confirmed");
        await backend.WaitForStatusAsync(await backend.PlaceOrderAsync("card-declined", Known), "Rejected");
        await backend.PlaceOrderAsync("card", Unknown);
        await WaitForDeadLetterAsync("550");
        SetMailServer(WrongPassword);
        await backend.StartWorkerAsync();
        await backend.PlaceOrderAsync("card", Known);
        await WaitForDeadLetterAsync("535");
        var product = await backend.GetProductIdAsync();
        foreach (var (token, paymentMethod) in new[] { ("bad-token", "card"), (Token.Create() + "x", "card"), (Token.Create(lifetimeInHours: -1), "card"), (Token.Create(), "card\\u0000") })
        {
            await PostAsync(backend, token, $$"""{"email":"{{Known}}","paymentMethod":"{{paymentMethod}}","lines":[{"productId":"{{product}}","quantity":1}]}""");
        }

        await PostAsync(backend, Token.Create(), $$"""{"email":"{{Known}}","paymentMethod":["{{Known}}"]}""");
        await PostAsync(backend, Token.Create(), $$"""{"email":"{{Known}}""");

        var letters = (await backend.RunWorkerAsync("dead-letters", "list")).EnsureSuccess().Output;
        AssertClean(letters);
        AssertClean(backend.ReadLogs(), "The mail server responded with status 550", "The mail server responded with status 535");

        void SetMailServer(string password) =>
            backend.Set("Mail__Server", $"smtp://{Uri.EscapeDataString(Login)}:{password}@127.0.0.1:{mails.Port}");

        Task WaitForDeadLetterAsync(string error) => backend.WaitUntilAsync(async () =>
            (await backend.RunWorkerAsync("dead-letters", "list")).EnsureSuccess().Output.Contains(error, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Rejected_passwords_of_servers_are_not_logged()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var connectionStrings = await servers.GetConnectionStringsAsync();
        connectionStrings["database"] = new NpgsqlConnectionStringBuilder(connectionStrings["database"]) { Password = WrongPassword }.ConnectionString;
        connectionStrings["broker"] = new UriBuilder(connectionStrings["broker"]) { Password = WrongPassword }.Uri.ToString();
        await using var backend = new Backend(await BuiltSolution.GetAsync(Options), connectionStrings);

        await backend.StartWithMissingDependencyAsync();
        await backend.WaitUntilAsync(() => Task.FromResult(backend.ReadLogs().Contains("ACCESS_REFUSED", StringComparison.Ordinal)));

        AssertClean(backend.ReadLogs(), "password authentication failed", "Database migration failed", "ACCESS_REFUSED");
    }

    private static async Task PostAsync(Backend backend, string token, string body)
    {
        using var client = new HttpClient { BaseAddress = backend.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/orders") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Add("Idempotency-Key", "key-of-a-customer");
        using var response = await client.SendAsync(request);
        Assert.InRange(response.StatusCode, HttpStatusCode.BadRequest, HttpStatusCode.Unauthorized);
    }

    /// <param name="text">The text, which must not contain sensitive data.</param>
    /// <param name="expected">Text that must occur, as proof that the failures were logged.</param>
    private static void AssertClean(string text, params string[] expected)
    {
        // Includes the first characters of every token and the password of the test servers.
        string[] secrets = [Known, Unknown, Login, Uri.EscapeDataString(Login), Password, WrongPassword, "not-a-secret", "eyJ", "bad-token", Token.SigningKey, "key-of-a-customer"];
        Findings.AssertNone(
        [
            .. text.Split('\n').Where(line => secrets.Any(secret => line.Contains(secret, StringComparison.OrdinalIgnoreCase))),
            .. expected.Where(words => !text.Contains(words, StringComparison.Ordinal)).Select(words => $"Missing in the log: {words}"),
        ]);
    }
}
