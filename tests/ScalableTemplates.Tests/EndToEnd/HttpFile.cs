using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Sends the requests of an .http file, as editors do.</summary>
internal static partial class HttpFile
{
    /// <param name="file">The path of the file.</param>
    /// <param name="variables">Values that override the variables of the file.</param>
    /// <exception cref="InvalidOperationException">A request failed, or refers to something that does not exist.</exception>
    public static async Task RunAsync(string file, IReadOnlyDictionary<string, string> variables)
    {
        var values = new Dictionary<string, string>();
        var responses = new Dictionary<string, JsonNode>();
        using var client = new HttpClient();
        var sent = 0;
        foreach (var part in Separator().Split(await File.ReadAllTextAsync(file)))
        {
            var lines = part.Split('\n').Select(line => line.TrimEnd('\r')).ToList();
            foreach (var line in lines.Where(line => line.StartsWith('@')))
            {
                var (name, value) = (line[1..line.IndexOf('=', StringComparison.Ordinal)].Trim(), line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim());
                values[name] = variables.GetValueOrDefault(name, value);
            }

            // The text after the separator is the title of the request.
            var content = lines.Skip(1).Where(line => !line.StartsWith('#') && !line.StartsWith('@')).SkipWhile(string.IsNullOrWhiteSpace).ToList();
            if (content.Count == 0)
            {
                continue;
            }

            using var request = CreateRequest(content.Select(line => Reference().Replace(line, match => Resolve(match.Groups[1].Value, values, responses))).ToList());
            using var response = await client.SendAsync(request);
            var body = await response.Content.ReadAsStringAsync();
            if (!response.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"{request.Method} {request.RequestUri}: {(int)response.StatusCode} {body}");
            }

            sent++;
            if (lines.Select(line => Name().Match(line)).FirstOrDefault(match => match.Success) is { } named)
            {
                responses[named.Groups[1].Value] = JsonNode.Parse(body)!;
            }
        }

        Assert.True(sent > 1, $"Only {sent} requests in {file}.");
    }

    private static HttpRequestMessage CreateRequest(List<string> lines)
    {
        var start = lines[0].Split(' ', 2);
        var request = new HttpRequestMessage(new HttpMethod(start[0]), start[1].Trim());
        var headers = lines.Skip(1).TakeWhile(line => line.Length > 0).Select(line => line.Split(':', 2)).ToList();
        var body = string.Join('\n', lines.Skip(1 + headers.Count)).Trim();
        if (body.Length > 0)
        {
            request.Content = new StringContent(body);
        }

        foreach (var header in headers)
        {
            if (header[0] == "Content-Type")
            {
                request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(header[1].Trim());
            }
            else
            {
                request.Headers.Add(header[0], header[1].Trim());
            }
        }

        return request;
    }

    // A variable, the one dynamic variable that all editors support, or 'name.response.body.$.path' for a part of an earlier response.
    private static string Resolve(string reference, Dictionary<string, string> values, Dictionary<string, JsonNode> responses)
    {
        if (values.TryGetValue(reference, out var value))
        {
            return value;
        }

        if (reference == "$timestamp")
        {
            return DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var match = Answer().Match(reference);
        if (!match.Success || !responses.TryGetValue(match.Groups[1].Value, out var node))
        {
            throw new InvalidOperationException($"Nothing is called {reference}.");
        }

        foreach (Match step in Step().Matches(match.Groups[2].Value))
        {
            node = step.Groups[1].Success ? node[step.Groups[1].Value]! : node[int.Parse(step.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture)]!;
        }

        return node.ToString();
    }

    [GeneratedRegex("^###", RegexOptions.Multiline)]
    private static partial Regex Separator();

    [GeneratedRegex(@"\{\{([^}]+)\}\}")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^# @name (\w+)$")]
    private static partial Regex Name();

    [GeneratedRegex(@"^(\w+)\.response\.body\.\$(.+)$")]
    private static partial Regex Answer();

    [GeneratedRegex(@"\.(\w+)|\[(\d+)\]")]
    private static partial Regex Step();
}
