"""Issues by what has changed: activities and `updatedSince` name them, a count proves that none was missed."""
