@rem Enregistrer tout de suite, sous un nom donné par la date / record at once, named by the date
@call "%~dp0record.bat"
