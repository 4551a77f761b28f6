"""The process that trains: how it is driven, what it computes on, and how it keeps what it did."""
