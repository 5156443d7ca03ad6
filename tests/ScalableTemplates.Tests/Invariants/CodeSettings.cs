using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ScalableTemplates.Tests.Invariants;

/// <summary>
/// Finds the settings that code reads: by indexers, GetValue, GetConnectionString, and GetSection or BindConfiguration with the properties of the
/// options class. A key that is a parameter is looked up at the calls of its method. A segment that is not known is a <c>*</c>.
/// </summary>
internal sealed class CodeSettings
{
    private static readonly HashSet<string> Values =
        ["bool", "int", "long", "double", "decimal", "string", "TimeSpan", "Uri", "Guid", "DateTimeOffset"];

    private readonly IReadOnlyList<CodeFile> files;
    private readonly HashSet<string> keys = [];
    private readonly HashSet<string> sections = [];

    public CodeSettings(IReadOnlyList<CodeFile> files)
    {
        this.files = files;
        foreach (var access in files.SelectMany(file => file.Indexers))
        {
            keys.UnionWith(Resolve(access.ArgumentList.Arguments[0].Expression));
        }

        foreach (var call in Calls("GetValue").Where(call => CodeFile.IsConfiguration(CodeFile.ReceiverOf(call))))
        {
            keys.UnionWith(Resolve(call.ArgumentList.Arguments[0].Expression));
        }

        foreach (var call in Calls("GetConnectionString").Where(call => CodeFile.IsConfiguration(CodeFile.ReceiverOf(call))))
        {
            keys.UnionWith(Resolve(call.ArgumentList.Arguments[0].Expression).Select(name => $"ConnectionStrings:{name}"));
        }

        foreach (var call in Calls("BindConfiguration"))
        {
            Add(Resolve(call.ArgumentList.Arguments[0].Expression), BoundType(call));
        }

        foreach (var call in Calls("GetSection").Where(call => CodeFile.IsConfiguration(CodeFile.ReceiverOf(call))))
        {
            Add(Resolve(call.ArgumentList.Arguments[0].Expression), SectionType(call));
        }

        // What only fills in for an unknown value names no setting.
        keys.RemoveWhere(key => key.Split(':')[0] == "*");
    }

    /// <summary>Settings with a value.</summary>
    public IReadOnlySet<string> Keys => keys;

    /// <summary>Sections whose settings a library reads.</summary>
    public IReadOnlySet<string> Sections => sections;

    private IEnumerable<InvocationExpressionSyntax> Calls(string method) => files.SelectMany(file => file.Calls[method]);

    private void Add(IEnumerable<string> paths, TypeSyntax? type)
    {
        foreach (var path in paths)
        {
            Add(path, type);
        }
    }

    private void Add(string path, TypeSyntax? type)
    {
        type = type is NullableTypeSyntax nullable ? nullable.ElementType : type;
        if (type is GenericNameSyntax { Identifier.Text: "Dictionary" } dictionary)
        {
            Add($"{path}:*", dictionary.TypeArgumentList.Arguments[1]);
        }
        else if (type is ArrayTypeSyntax || (type is not null && Values.Contains(type.ToString())))
        {
            keys.Add(path);
        }
        else if (type is not null && files.SelectMany(file => file.Types[type.ToString()]).FirstOrDefault() is { } options)
        {
            foreach (var property in options.Members.OfType<PropertyDeclarationSyntax>().Where(property => property.ExpressionBody is null))
            {
                Add($"{path}:{property.Identifier.Text}", property.Type);
            }
        }
        else
        {
            sections.Add(path);
        }
    }

    // GetSection(...).Get<T>(), or options.Bind(configuration.GetSection(...)) with the options of AddOptions<T>.
    private static TypeSyntax? SectionType(InvocationExpressionSyntax call) => call.Parent switch
    {
        MemberAccessExpressionSyntax { Name: GenericNameSyntax { Identifier.Text: "Get" } get } => get.TypeArgumentList.Arguments[0],
        ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax bind } when CodeFile.NameOf(bind) == "Bind" => BoundType(bind),
        _ => null,
    };

    // The T of an AddOptions<T>() earlier in the same chain of calls.
    private static TypeSyntax? BoundType(InvocationExpressionSyntax call) => call.AncestorsAndSelf().OfType<InvocationExpressionSyntax>()
        .SelectMany(Chain)
        .Select(link => (link.Expression as MemberAccessExpressionSyntax)?.Name as GenericNameSyntax)
        .FirstOrDefault(name => name?.Identifier.Text == "AddOptions")?.TypeArgumentList.Arguments[0];

    private static IEnumerable<InvocationExpressionSyntax> Chain(InvocationExpressionSyntax? call)
    {
        for (; call is not null; call = CodeFile.ReceiverOf(call) as InvocationExpressionSyntax)
        {
            yield return call;
        }
    }

    private IEnumerable<string> Resolve(ExpressionSyntax expression, int depth = 0) => expression switch
    {
        LiteralExpressionSyntax { Token.Value: string text } => [text],
        InterpolatedStringExpressionSyntax text => text.Contents.Aggregate<InterpolatedStringContentSyntax, IEnumerable<string>>([""], (starts, content) =>
            starts.SelectMany(start => (content is InterpolationSyntax hole ? Resolve(hole.Expression, depth) : [content.ToString()]).Select(end => start + end)).ToList()),
        IdentifierNameSyntax name when FindParameter(name) is var (method, index) => ResolveParameter(method, index, depth),
        IdentifierNameSyntax name => ResolveConstant($"{CodeFile.TypeOf(name)}.{name.Identifier.Text}", depth),
        MemberAccessExpressionSyntax member => ResolveConstant($"{member.Expression.ToString().Split('.')[^1]}.{member.Name.Identifier.Text}", depth),
        _ => ["*"],
    };

    private IEnumerable<string> ResolveConstant(string name, int depth) =>
        files.SelectMany(file => file.Constants[name]).FirstOrDefault() is { } value ? Resolve(value, depth) : ["*"];

    private static (MethodDeclarationSyntax Method, int Index)? FindParameter(IdentifierNameSyntax name)
    {
        var method = name.FirstAncestorOrSelf<MethodDeclarationSyntax>();
        var index = method?.ParameterList.Parameters.IndexOf(parameter => parameter.Identifier.Text == name.Identifier.Text) ?? -1;
        return index < 0 ? null : (method!, index);
    }

    private List<string> ResolveParameter(MethodDeclarationSyntax method, int index, int depth)
    {
        const int MaxDepth = 5;
        // A call of an extension method has no argument for its first parameter.
        var offset = method.ParameterList.Parameters[0].Modifiers.Any(modifier => modifier.Text == "this") ? 1 : 0;
        var values = depth == MaxDepth ? [] : Calls(method.Identifier.Text)
            .Select(call => call.ArgumentList.Arguments.ElementAtOrDefault(index - offset)?.Expression)
            .OfType<ExpressionSyntax>()
            .SelectMany(argument => Resolve(argument, depth + 1))
            .ToList();
        return values.Count > 0 ? values : ["*"];
    }
}
