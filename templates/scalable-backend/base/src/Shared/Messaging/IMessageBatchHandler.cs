namespace ScalableBackend.Shared.Messaging;

/// <summary>
/// Like <see cref="IMessageHandler{TMessage}"/>, for many messages in one transaction: several times as fast where a message
/// is little work. If it throws, the same messages come again one by one, so that a bad one does not hold back the others.
/// </summary>
public interface IMessageBatchHandler<in TMessage>
    where TMessage : IMessage
{
    Task HandleAsync(IReadOnlyList<TMessage> messages, CancellationToken cancellationToken);
}
