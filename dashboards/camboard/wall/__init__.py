"""The wall screen: one page that is read from across the room and needs no hand."""
