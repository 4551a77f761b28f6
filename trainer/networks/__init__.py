"""Networks that the trainer can train; one forward contract.

`forward(input_ids, attention_mask)`, int64 (batch, tokens) each, gives `(logits, token_logits)`,
float32 (batch, labels) and (batch, tokens, labels); the mean of the token logits over a sentence
is that sentence's logit. The mask is 1 for the pieces of a text and 0 for the padding behind them,
which changes no result.
"""
