using System.Collections;
using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.TemplateEngine.Abstractions;
using Microsoft.TemplateEngine.Abstractions.TemplatePackage;
using Microsoft.TemplateEngine.Edge;
using Microsoft.TemplateEngine.Edge.Settings;
using Microsoft.TemplateEngine.Edge.Template;

namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>
/// Runs the template engine of the SDK inside this process, which is several times faster than 'dotnet new'.
/// A test asserts that both generate the same output.
/// </summary>
internal sealed class Engine
{
    private const int MaxAttempts = 3;

    // The engine caches the parsers of each run under keys that no later run uses, which leaks 4 MB per output.
    private static readonly IDictionary? Parsers = (IDictionary?)Type.GetType("Microsoft.TemplateEngine.Core.Util.ProcessorState, Microsoft.TemplateEngine.Core")
        ?.GetField("TrieLookup", BindingFlags.Static | BindingFlags.NonPublic)
        ?.GetValue(null);

    private readonly TemplateCreator creator;
    private readonly ITemplateInfo template;
    private readonly Dictionary<string, string> symbols;

    private Engine(EngineEnvironmentSettings settings, ITemplateInfo template)
    {
        this.template = template;
        creator = new TemplateCreator(settings);
        symbols = JsonNode.Parse(File.ReadAllText(Path.Combine(Repo.TemplateConfig, "dotnetcli.host.json")))!["symbolInfo"]!.AsObject()
            .ToDictionary(symbol => (string)symbol.Value!["longName"]!, symbol => symbol.Key);
    }

    public static async Task<Engine> StartAsync()
    {
        // The engine allocates a buffer of 8 MB for each file that it reads from an archive.
        var package = TempFolder.Create("unpacked");
        await ZipFile.ExtractToDirectoryAsync((await TemplatePackage.GetAsync()).File, package);

        List<(Type, IIdentifiedComponent)> components =
        [
            (typeof(ITemplatePackageProviderFactory), new OnePackage(Path.Combine(package, "content", "templates", "scalable-backend"))),
            // Without the packages of the user and of the SDK.
            .. Components.AllComponents.Where(component => component.Type != typeof(ITemplatePackageProviderFactory)),
            .. Microsoft.TemplateEngine.Orchestrator.RunnableProjects.Components.AllComponents,
        ];
        var host = new DefaultTemplateEngineHost("tests", "1.0.0", [], components);
        var settings = new EngineEnvironmentSettings(host, virtualizeSettings: true);
        using var packages = new TemplatePackageManager(settings);
        var templates = await packages.GetTemplatesAsync(CancellationToken.None);
        return new Engine(settings, templates.Single(template => template.ShortNameList.Contains("scalable-backend")));
    }

    public Task<FileTree> CreateAsync(TemplateOptions options, string name = "Shop")
    {
        var answers = Dimension.All
            .Where(dimension => options[dimension] != "auto")
            .ToDictionary(dimension => dimension.Name, dimension => dimension.IsFlag ? options[dimension] == Dimension.On ? "true" : "false" : options[dimension]);
        answers["port-suffix"] = Scaffold.PortSuffix.ToString(CultureInfo.InvariantCulture);
        return CreateAsync(answers, name);
    }

    /// <param name="answers">The values by the long name of the option.</param>
    public async Task<FileTree> CreateAsync(IReadOnlyDictionary<string, string> answers, string name)
    {
        var parameters = answers.ToDictionary(answer => symbols[answer.Key], answer => (string?)answer.Value);
        parameters["SkipRestore"] = "true";

        for (var attempt = 1; ; attempt++)
        {
            var folder = TempFolder.CreateInMemory("engine");
            var result = await creator.InstantiateAsync(template, name, name, folder, parameters);
            Parsers?.Clear();
            if (result.Status == CreationResultStatus.Success)
            {
                var tree = FileTree.Read(folder);
                TempFolder.Delete(folder);
                return tree;
            }

            // Rarely, a concurrent call corrupts a collection of the engine, so a failure is retried. Errors of the template fail each
            // time.
            if (attempt == MaxAttempts)
            {
                throw new InvalidOperationException($"{result.Status} with {string.Join(' ', answers)}: {result.ErrorMessage}");
            }
        }
    }

    private sealed class OnePackage(string folder) : ITemplatePackageProviderFactory, ITemplatePackageProvider
    {
        public event Action? TemplatePackagesChanged
        {
            add { }
            remove { }
        }

        public Guid Id { get; } = new("9d1f7c1e-0d0a-4f0b-8f3e-6f3f3a6c7b10");

        public string DisplayName => "The package under test";

        public ITemplatePackageProviderFactory Factory => this;

        public ITemplatePackageProvider CreateProvider(IEngineEnvironmentSettings settings) => this;

        public Task<IReadOnlyList<ITemplatePackage>> GetAllTemplatePackagesAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ITemplatePackage>>([new Microsoft.TemplateEngine.Abstractions.TemplatePackage.TemplatePackage(this, folder, DateTime.UtcNow)]);
    }
}
