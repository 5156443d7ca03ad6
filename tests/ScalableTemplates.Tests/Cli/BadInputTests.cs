using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Cli;

/// <summary>Invalid input is rejected with a clear message and an exit code, and no file is written.</summary>
public sealed class BadInputTests
{
    private const int TemplateIssue = 101;
    private const int InvalidOption = 127;
    private const int WouldOverwrite = 73;

    [Theory]
    [InlineData("'--bogus' is not a valid option", "--bogus")]
    [InlineData("'oracle' is not a valid value for --database", "--database", "oracle")]
    [InlineData("'planet' is not a valid value for --stage", "--stage", "planet")]
    [InlineData("Cannot parse argument 'abc' for option '--port-suffix'", "--port-suffix", "abc")]
    public async Task Invalid_option_or_value_is_rejected(string message, params string[] arguments)
    {
        var (result, folder) = await RunAsync("Shop", arguments);

        Assert.Equal(InvalidOption, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task Error_for_an_invalid_value_lists_the_valid_ones()
    {
        var (result, _) = await RunAsync("Shop", "--database", "oracle");

        Assert.Contains("postgres", result.Error, StringComparison.Ordinal);
        Assert.Contains("sqlite", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_that_is_not_a_valid_file_name_is_rejected()
    {
        var (result, folder) = await RunAsync("a/b");

        Assert.Equal(InvalidOption, result.ExitCode);
        Assert.Contains("Name cannot contain", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("A:B")]
    [InlineData("a\"b")]
    [InlineData("back\\slash")]
    [InlineData("100%")]
    [InlineData("a;b")]
    [InlineData("$(Shop)")]
    [InlineData("shop@(Shop)")]
    [InlineData("a\nb")]
    [InlineData("nul.shop")]
    public async Task Name_that_is_invalid_for_a_file_or_project_is_rejected_with_the_reason(string name)
    {
        var (result, folder) = await RunAsync(name);

        Assert.Equal(TemplateIssue, result.ExitCode);
        Assert.Contains("Choose another name.", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(folder)!, "*", SearchOption.AllDirectories).Except([folder]));
    }

    [Fact]
    public async Task Error_names_a_folder_that_is_not_writable()
    {
        var parent = TempFolder.Create("output");
        await File.WriteAllTextAsync(Path.Combine(parent, "file"), "");

        var result = await Scaffold.RunAsync(await Hive.FromPackageAsync(), Path.Combine(parent, "file", "Shop"), "Shop");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(parent, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Existing_files_are_not_overwritten()
    {
        var folder = Path.Combine(TempFolder.Create("output"), "Shop");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "global.json"), "mine");

        var result = await Scaffold.RunAsync(await Hive.FromPackageAsync(), folder, "Shop");

        Assert.Equal(WouldOverwrite, result.ExitCode);
        Assert.Contains("global.json", result.Error, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(folder, "global.json")));
        Assert.Single(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public async Task Dry_run_writes_nothing()
    {
        var (result, folder) = await RunAsync("Shop", "--dry-run");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("Shop.slnx", result.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    private static async Task<(CommandResult Result, string Folder)> RunAsync(string name, params string[] arguments)
    {
        var folder = Path.Combine(TempFolder.Create("output"), "target");
        return (await Scaffold.RunAsync(await Hive.FromPackageAsync(), folder, name, arguments), folder);
    }
}
