@echo off
rem Enregistrer une réunion : demande son nom / record a meeting, asks its name
chcp 65001 >nul
title Eloquence
where node >nul 2>nul
if errorlevel 1 goto nonode
node "%~dp0..\bin\eloquence.mjs" meeting start --ask-name
echo.
pause
exit /b
:nonode
echo Node.js manque : installez-le depuis https://nodejs.org, puis relancez.
echo Node.js is missing: install it from https://nodejs.org, then start again.
pause
exit /b 1
