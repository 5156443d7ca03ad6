namespace Shop.Shared.Data;

public static class ExceptionExtensions
{
    /// <summary>Returns the messages of the exception and its inner exceptions, outermost first, without repetitions.</summary>
    public static string Describe(this Exception exception) =>
        exception.InnerException?.Describe() is { } cause && !exception.Message.Contains(cause, StringComparison.Ordinal)
            ? $"{exception.Message}: {cause}"
            : exception.Message;
}
