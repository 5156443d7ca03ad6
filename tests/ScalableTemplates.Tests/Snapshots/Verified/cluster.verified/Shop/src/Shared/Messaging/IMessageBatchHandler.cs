namespace Shop.Shared.Messaging;

/// <summary>
/// Like <see cref="IMessageHandler{TMessage}"/>, for many messages in one transaction, which is several times as fast for small
/// messages. If it throws, the messages are handled again one by one, so that a poison message does not hold up the others.
/// </summary>
public interface IMessageBatchHandler<in TMessage>
    where TMessage : IMessage
{
    Task HandleAsync(IReadOnlyList<TMessage> messages, CancellationToken cancellationToken);
}
