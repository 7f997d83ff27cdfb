"""The monthly report that both parties sign: frozen values in, PDF, workbook or JSON out. Reads nothing itself."""
